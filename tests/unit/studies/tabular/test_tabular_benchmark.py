"""A pool of our own making, whose win rates follow from one feature."""

import numpy as np
import pytest
from rich.console import Console

from evo.core.errors import UsageError
from evo.report.pictures import tabular as picture
from evo.report.views.tabular import tabular_view
from evo.screening.model import Example
from evo.studies.tabular.benchmark import BenchmarkPlan, Table, measure, search_pool
from evo.studies.tabular.candidates import Candidates
from evo.studies.tabular.facts import tabular_facts
from evo.studies.tabular.strategies.chance import Chance
from evo.studies.tabular.strategy import PoolState, strategies

PLAN = BenchmarkPlan(budget=40, batch=10, seeds=3, reach=0.9)


def table(count: int = 160, *, width: int = 6) -> Table:
    rng = np.random.default_rng(5)
    block = rng.standard_normal((count, width)).astype(np.float32)
    rate = 1 / (1 + np.exp(-2 * block[:, 0].astype(np.float64)))
    names = ("behaviour", "propagation", "text")
    sources = [f"candidate {place}" for place in range(count)]
    candidates = Candidates(sources, {name: lambda: block for name in names})
    return Table(candidates, Example(rate, np.full(count, 0.03)))


class Oracle:
    """Knows the order."""

    def __init__(self, order: np.ndarray) -> None:
        self._order = order

    def choose(self, state: PoolState, count: int, rng: np.random.Generator) -> list[int]:
        left = set(state.left.tolist())
        return [place for place in self._order.tolist() if place in left][:count]


def test_who_knows_the_best_finds_them_at_once_and_chance_finds_its_share() -> None:
    world = table()
    oracle, chance = measure(
        world, {"oracle": lambda: Oracle(world.best(1.0)), "random": Chance}, PLAN
    )

    assert oracle.recall[:, 20].tolist() == [1.0, 1.0, 1.0]
    assert oracle.best[:, -1].tolist() == [world.truth.max()] * 3
    assert (oracle.reached <= 11).all()
    assert 0.05 < chance.recall[:, -1].mean() < 0.5


def test_what_learns_from_win_rates_is_ahead_of_chance() -> None:
    make = {name: strategies.get(name) for name in ("reward-model", "random")}

    found, chance = measure(table(), make, PLAN)

    assert found.recall[:, -1].mean() > chance.recall[:, -1].mean() + 0.2


def test_local_search_finds_the_best_where_they_lie_together() -> None:
    world = table(width=1)
    make = {name: strategies.get(name) for name in ("local-search", "random")}

    local, chance = measure(world, make, PLAN)

    assert local.recall[:, -1].mean() > chance.recall[:, -1].mean() + 0.2


@pytest.mark.parametrize("name", strategies.names())
def test_a_strategy_evaluates_every_candidate_once_and_the_same_again(name: str) -> None:
    world = table(40)
    plan = BenchmarkPlan(budget=40, batch=15, seeds=2, reach=0.5)

    orders = [
        search_pool(world, strategies.get(name)(), plan, name=name, repetition=1) for _ in (0, 1)
    ]

    assert sorted(orders[0].tolist()) == list(range(40))
    assert orders[0].tolist() == orders[1].tolist()


def test_the_first_batch_is_the_same_for_all_and_another_for_every_seed() -> None:
    world = table()
    firsts = {
        (name, seed): search_pool(world, make(), PLAN, name=name, repetition=seed)[:10].tolist()
        for name, make in (("random", Chance), ("other", Chance))
        for seed in (0, 1)
    }

    assert firsts["random", 0] == firsts["other", 0] != firsts["random", 1]


def test_novelty_takes_what_lies_furthest_from_everything_evaluated() -> None:
    world = table(60)
    order = search_pool(
        world, strategies.get("behaviour-novelty")(), PLAN, name="novelty", repetition=0
    )
    block = world.candidates.block("behaviour").astype(np.float64)
    gaps = np.sqrt(np.square(block[:, None] - block[None, order[:10]]).mean(axis=2)).min(axis=1)

    assert order[10] == int(np.argmax(gaps))


def test_a_strategy_that_chooses_what_it_may_not_is_named() -> None:
    world = table()

    with pytest.raises(UsageError, match="'oracle' chose"):
        measure(world, {"oracle": lambda: Oracle(world.best(0.01))}, PLAN)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"budget": 200}, "budget ≤ 160"),
        ({"batch": 40}, "batch < budget"),
        ({"seeds": 1}, "at least 2 seeds"),
        ({"reach": 1.5}, "at most 0.9"),
    ],
)
def test_a_plan_that_does_not_fit_the_pool_is_refused(wrong: dict, message: str) -> None:
    plan = BenchmarkPlan(**({"budget": 40, "batch": 10, "seeds": 3, "reach": 0.9} | wrong))

    with pytest.raises(UsageError, match=message):
        measure(table(), {"random": Chance}, plan)


def test_facts_have_an_interval_around_each_mean_and_say_where_a_goal_was_missed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = table()
    level = float(world.truth.max())
    plan = BenchmarkPlan(budget=20, batch=10, seeds=3, reach=level)
    results = measure(world, {"random": Chance}, plan)
    facts = tabular_facts(world, plan, results)
    (row,) = facts["strategies"]

    assert row["found_ci"][0] <= row["found"] <= row["found_ci"][1]
    assert row["regret"] == pytest.approx(level - row["best"])
    assert row["reached_in"] == int((results[0].best[:, -1] >= level).sum())
    assert row["curve"][-1]["evaluated"] == 20
    assert row["curve"][-1]["found"] == row["found"]
    Console(width=100).print(tabular_view(facts))
    assert (
        f"{row['found']:.2f} ± {row['found_ci'][1] - row['found']:.2f}" in capsys.readouterr().out
    )
    assert [len(axes.lines) for axes in picture.draw_tabular(facts).axes] == [1, 1]
