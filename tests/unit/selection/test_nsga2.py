from selection_pools import ids, individual, record

from evo.core.performance import performance
from evo.selection.nsga2 import Nsga2


def test_performance_ranks_by_rung_first() -> None:
    short = record("short", 1.0, 0.1, rung=0)
    full = record("full", 0.0, 0.1, rung=1)

    assert performance(full) > performance(short)


def test_survivors_are_the_non_dominated_first() -> None:
    pool = [
        individual("both", 0.9, 0.9),
        individual("worse", 0.8, 0.8),
        individual("novel", 0.1, 1.0),
        individual("strong", 1.0, 0.0),
        individual("worst", 0.0, 0.0),
    ]

    assert set(ids(Nsga2()(pool, 3))) == {"both", "novel", "strong"}
