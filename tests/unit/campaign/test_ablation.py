"""Candidates that reach a campaign's front, and those that are compared with it untrained."""

from dataclasses import replace

from support.records import evaluated, trials

from evo.campaign.ablation import Measured, Peaks
from evo.campaign.member_graphs import ablated_graphs, standard_graphs
from evo.core.records import (
    ABLATION_OPERATOR,
    BASELINE_OPERATOR,
    Record,
)
from evo.core.stages import TrainingEnd


def record(name: str, b_wr: float, n_score: float, *, raced: bool = False, **known) -> Record:
    end = TrainingEnd.OUTRACED if raced else TrainingEnd.COMPLETE
    known = {"graphs": (f"graph of {name}",), "trials": trials([0.5] * 10, rung=1), **known}
    return evaluated(name, b_wr, n_score, kind="activation+regularizer", end=end, **known)


def ids(records: list[Record]) -> list[str]:
    return [one.id for one in records]


def rise(peaks: Peaks, records: list[Record]) -> list[str]:
    """Ids of the records that come onto the front, which then rises."""
    risen = ids(peaks.risen(records))
    peaks.take(records)
    return risen


def test_what_comes_onto_the_front_is_told_once_and_what_is_behind_it_never() -> None:
    peaks = Peaks(last=1)
    first = [record("strong", 0.9, 0.1), record("behind", 0.5, 0.1), record("novel", 0.2, 0.8)]

    assert rise(peaks, first) == ["strong", "novel"]
    assert rise(peaks, first) == []
    assert rise(peaks, [record("between", 0.5, 0.5), record("late", 0.85, 0.05)]) == ["between"]
    assert rise(peaks, [record("best", 0.95, 0.9)]) == ["best"]
    assert rise(peaks, [record("after", 0.9, 0.85)]) == []


def test_asking_what_rises_changes_nothing() -> None:
    peaks = Peaks(last=1)
    first = [record("strong", 0.9, 0.1)]

    assert ids(peaks.risen(first)) == ids(peaks.risen(first)) == ["strong"]


def test_only_candidates_of_the_last_rung_are_on_it() -> None:
    peaks = Peaks(last=1)
    measured = record("ablation", 1.0, 1.0, operator=ABLATION_OPERATOR)
    others = [
        record("baseline", 1.0, 1.0, operator=BASELINE_OPERATOR),
        replace(measured, novelty=None),
        record("cut", 1.0, 1.0, rung=0),
        replace(record("failed", 1.0, 1.0), score=None, novelty=None),
    ]

    assert rise(peaks, others) == []
    assert rise(peaks, [*others, record("one", 0.1, 0.1)]) == ["one"]


def test_however_records_come_the_front_is_the_same() -> None:
    records = [record(f"r{n}", (n * 37 % 101) / 101, (n * 61 % 97) / 97) for n in range(60)]
    one, two = Peaks(last=1), Peaks(last=1)

    one.take(records)
    for each in records:
        two.take([each])

    probe = [record(f"p{n}", n / 20, 1 - n / 20) for n in range(21)]
    assert rise(one, probe) == rise(two, probe) != []


def test_what_trained_in_full_or_as_an_ablation_need_not_train_again() -> None:
    found = Measured(1)
    found.take([record("relu", 0.5, 0.1, operator=BASELINE_OPERATOR)])

    found.take(
        [
            record("full", 0.5, 0.1),
            record("raced", 0.5, 0.1, raced=True),
            record("cut", 0.5, 0.1, rung=0),
            replace(record("failed", 0.5, 0.1), score=None),
            replace(record("gone", 0.5, 0.1, operator=ABLATION_OPERATOR), score=None),
        ]
    )

    names = ["full", "raced", "cut", "failed", "gone", "other"]
    assert [name for name in names if (f"graph of {name}",) in found] == ["full", "gone"]


def test_the_standard_component_is_the_one_that_most_baselines_have() -> None:
    pairs = ["relu none", "gelu none", "tanh none", "relu l1", "relu l2"]

    found = standard_graphs(
        "activation+regularizer",
        [replace(record(pair, 0.5, 0.1), graphs=tuple(pair.split())) for pair in pairs],
    )

    assert found == {"activation": "relu", "regularizer": "none"}
    assert ablated_graphs(("tanh", "l2"), found) == {
        "activation": ("relu", "l2"),
        "regularizer": ("tanh", "none"),
    }
    assert ablated_graphs(("relu", "l2"), found) == {"regularizer": ("relu", "none")}
    assert ablated_graphs(("relu", "none"), found) == {}
