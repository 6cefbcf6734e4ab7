"""Strategies of the simple searches that evolution has to beat."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from selection_pools import ids, individual, measured, record

from evo.core.records import BASELINE_OPERATOR, Record
from evo.selection.base import Parents
from evo.selection.baselines_only import BaselinesOnly
from evo.selection.best import Best
from evo.selection.elite import Elite
from evo.selection.epsilon_history import EPSILON, EpsilonHistory
from evo.selection.few_children import FewChildren
from evo.selection.individual import Individual


def shares(draw: Parents, pool: Sequence[Individual], draws: int = 4000) -> dict[str, float]:
    """Share of draws of one parent, by id."""
    rng = np.random.default_rng(0)
    counts = Counter(draw(pool, 1, rng)[0].record.id for _ in range(draws))
    return {id_: counts[id_] / draws for id_ in ids(list(pool))}


def baseline(name: str, margin: float) -> Record:
    known = record(name, margin, 0.5)
    return replace(known, candidate=replace(known.candidate, operator=BASELINE_OPERATOR))


def test_of_an_elite_the_best_survive_however_novel_the_others_are() -> None:
    pool = [individual(str(n), n / 10, 1.0 - n / 10) for n in range(10)]

    assert ids(Elite()(pool, 3)) == ["9", "8", "7"]


def test_an_elite_is_of_the_worthy_and_not_of_the_lucky() -> None:
    sure = [measured(f"sure{n}", 0.4 + n / 10, 0.05) for n in range(6)]
    lucky = measured("lucky", 1.0, 2.0)

    kept = Elite()([Individual.of(known) for known in [lucky, *sure]], 1)

    assert ids(kept) == ["sure5"]


def test_baselines_alone_survive_and_others_only_where_there_are_too_few() -> None:
    known = [Individual.of(baseline(name, margin)) for name, margin in (("a", 0.1), ("b", 0.3))]
    pool = [individual("offspring", 1.0), *known, individual("poor offspring", 0.2)]

    assert ids(BaselinesOnly()(pool, 1)) == ["b"]
    assert ids(BaselinesOnly()(pool, 2)) == ["b", "a"]
    assert ids(BaselinesOnly()(pool, 3)) == ["b", "a", "offspring"]


def test_the_best_is_always_the_parent_and_the_next_best_comes_second() -> None:
    pool = [individual(str(n), n / 10) for n in (3, 9, 5)]

    assert shares(Best(), pool, 20) == {"3": 0.0, "9": 1.0, "5": 0.0}
    assert ids(Best()(pool, 2, np.random.default_rng(0))) == ["9", "5"]


def test_the_best_is_drawn_in_four_of_five_and_all_others_evenly() -> None:
    pool = [individual(str(n), n / 10) for n in range(5)]

    found = shares(EpsilonHistory(), pool)

    assert EPSILON == 0.2
    assert found.pop("4") == pytest.approx(0.8 + 0.2 / 5, abs=0.02)
    assert list(found.values()) == pytest.approx([0.2 / 5] * 4, abs=0.015)


def test_searches_by_history_are_offered_all_of_it_and_the_others_survivors() -> None:
    assert EpsilonHistory.from_history
    assert FewChildren.from_history
    assert not Best.from_history


def test_of_equally_good_parents_the_one_with_fewer_children_is_preferred() -> None:
    pool = [
        replace(individual("many", 0.6), children=9),
        replace(individual("none", 0.6), children=0),
        individual("poor", 0.0),
    ]

    found = shares(FewChildren(), pool)

    assert found["none"] == pytest.approx(10 * found["many"], rel=0.2)


def test_with_equally_many_children_the_better_one_is_preferred() -> None:
    found = shares(FewChildren(), [individual(str(n), n / 10) for n in range(5)])

    assert found["4"] > 10 * found["0"]
    assert found["4"] >= found["2"] >= found["0"]


def test_a_short_rung_gives_no_parents_where_enough_climbed() -> None:
    short = [Individual.of(record(f"s{n}", 0.9, 0.5)) for n in range(3)]
    full = [Individual.of(record(f"f{n}", 0.1, 0.5, rung=1)) for n in range(2)]

    found = shares(FewChildren(), [*short, *full], 200)
    three = FewChildren()([*short, *full], 3, np.random.default_rng(0))

    assert sum(found[f"s{n}"] for n in range(3)) == 0.0
    assert len(three) == 3
