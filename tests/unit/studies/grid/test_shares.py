"""Shares of a study's budget before any cell has begun; spending is in test_grid_budget.py."""

from pathlib import Path

from evo.llm.settings import LlmBudget
from evo.studies.grid.cells import cells_of
from evo.studies.grid.shares import Shares, divided, limited
from evo.studies.grid.study import read_study

STUDY = """
base = "smoke"
hypotheses = 20
seeds = [0, 1]
[axes.author.trees]
[axes.author.model]
llm.models = [{ model = "some-model" }]
"""
BUDGET = LlmBudget(dollars=4.0, requests=21, trainings=3)


def shares(tmp_path: Path, budget: LlmBudget = BUDGET, text: str = STUDY) -> Shares:
    file = tmp_path / "study.toml"
    file.write_text(text)
    return Shares(budget, cells_of(read_study(file)), tmp_path)


def test_a_new_study_divides_evenly_and_what_models_cost_among_those_who_ask(tmp_path) -> None:
    limits = shares(tmp_path).begin(1)

    assert limits == {
        f"{author}-{seed}": {"trainings": 0.0, **asked}
        for seed in (0, 1)
        for author, asked in (("trees", {}), ("model", {"dollars": 2.0, "requests": 10.0}))
    }


def test_the_shares_of_a_round_stay_until_the_budget_or_the_cells_change(tmp_path) -> None:
    first = shares(tmp_path).begin(2)

    assert shares(tmp_path).begin(2) == first
    assert shares(tmp_path).begin(1) is None  # it was over
    raised = shares(tmp_path, BUDGET.model_copy(update={"dollars": 8.0})).begin(1)
    assert raised is not None
    assert raised["model-0"]["dollars"] == 4.0
    more = shares(tmp_path, text=STUDY.replace("[0, 1]", "[0, 1, 2, 3]")).begin(1)
    assert more is not None
    assert more["model-0"]["dollars"] == 1.0


def test_damaged_shares_are_divided_again(tmp_path) -> None:
    first = shares(tmp_path).begin(2)
    (tmp_path / "shares.json").write_text('{"round": 2')

    assert shares(tmp_path).begin(2) == first


def test_a_cells_own_budget_holds_where_it_is_lower() -> None:
    own = LlmBudget(dollars=1.0, requests=5)

    both = limited(own, {"dollars": 3.0, "requests": 2.0, "hours": 0.5})

    assert both == LlmBudget(dollars=1.0, requests=2, hours=0.5)
    assert divided(own, [], Path()) == {}
