"""Strategies on the landscape: the whole search, its figures and files of strategies."""

from pathlib import Path

import numpy as np
import pytest

from evo.core.errors import UsageError
from evo.proposing.operators import are_own
from evo.studies.tabular.surrogate.benchmark import (
    SearchFigures,
    SearchPlan,
    SearchResult,
    compare_strategies,
    search_figures,
)
from evo.studies.tabular.surrogate.facts import differences
from evo.studies.tabular.surrogate.landscape import Landscape
from evo.studies.tabular.surrogate.searching import check_search, search_landscape
from evo.studies.tabular.surrogate.strategies import (
    own_strategies,
    read_strategies,
    strategy_config,
)

SMALL = {"trainings": 6, "offspring": 8, "population": 6}


@pytest.mark.heavy(quick="test_figures_of_a_search_follow_from_its_records")
def test_two_searches_of_a_seed_are_the_same_record_for_record() -> None:
    config = strategy_config(SMALL, {"seed": 3}, generations=1)

    first, second = (search_landscape(config, Landscape.shared(), evaluations=18) for _ in range(2))

    assert [r.id for r in first] == [r.id for r in second]
    assert [r.score for r in first] == [r.score for r in second]


def test_figures_of_a_search_follow_from_its_records() -> None:
    landscape = Landscape.shared()
    config = strategy_config(SMALL, {}, generations=1)
    records = search_landscape(config, landscape, evaluations=24)

    figures = search_figures(records, landscape, reach=-3.0)

    trained = [record for record in records if record.is_proposal and record.score]
    truth = [landscape.margin(record.graphs) for record in trained]
    assert figures.evaluations == len(trained)
    assert figures.top == max(truth)
    assert figures.reached == 1
    assert figures.quarters[0] == pytest.approx(np.mean(truth[: -(-len(trained) // 4)]))
    assert search_figures(records, landscape, reach=1.0).reached == len(trained) + 1


def test_every_strategy_that_comes_with_evo_can_be_searched_with() -> None:
    for name, settings in own_strategies().items():
        config = strategy_config(settings, {}, generations=8)
        check_search(config)
        assert are_own(config.operators), name


def test_own_operators_replace_the_default_ones_and_settings_of_a_strategy_win(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[mine]\noperators = { sample-tree = 1 }\nselection.parents = "rank"\n')

    (settings,) = read_strategies(file).values()
    config = strategy_config(
        settings, {"selection.parents": "uniform", "trainings": 7}, generations=2
    )

    assert config.operators == {"sample-tree": 1.0}
    assert config.selection.parents == "rank"
    assert config.trainings == 7


def test_operators_of_plugins_and_models_are_not_our_own() -> None:
    asking = strategy_config({"operators": {"novel-llm": 1.0}}, {}, generations=1)

    assert not are_own(asking.operators)


@pytest.mark.parametrize(
    ("text", "said"),
    [("mine = 3", "table of settings"), ("[mine", "not valid TOML")],
)
def test_a_wrong_file_of_strategies_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.toml").write_text(text)

    with pytest.raises(UsageError, match=said):
        read_strategies(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"selection.parents": "rnak"}, "rnak"),
        ({"kind": "loss"}, "activation"),
        ({"population": 2}, "population"),
        ({"operators": {"mutat-tree": 1.0}}, "mutat-tree"),
    ],
)
def test_a_wrong_strategy_is_refused_before_anything_runs(
    settings: dict[str, object], said: str
) -> None:
    ran: list[int] = []
    plan = SearchPlan(evaluations=12, seeds=2)

    with pytest.raises(UsageError, match=said):
        compare_strategies(
            {"right": SMALL, "wrong": settings},
            plan,
            on_progress=lambda done, _: ran.append(done),
        )

    assert not ran


def test_differences_are_paired_by_seed() -> None:
    level = np.array([0.0, 0.1, 0.2, 0.3])
    base = SearchResult("base", tuple(map(_figures, level)))
    ahead = SearchResult(
        "ahead", tuple(map(_figures, level + np.array([0.01, 0.012, 0.009, 0.011])))
    )
    same = SearchResult("same", base.searches)

    compared = differences([base, ahead, same], "base")

    assert compared["ahead"].mean.value == pytest.approx(0.0105)
    assert compared["ahead"].mean.low > 0.005
    assert compared["ahead"].p < 0.01
    assert compared["same"].p == 1.0


def _figures(fresh: float) -> SearchFigures:
    return SearchFigures(0.0, 0.0, fresh, 0.0, (0.0,) * 4, 0.0, 0.0, 1, 1, 0.0)
