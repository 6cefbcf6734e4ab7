from collections.abc import Sequence

from support.records import evaluated, record, trials

from evo.core.estimate import Estimate
from evo.core.records import Generation, Record, Status
from evo.core.stages import Stage
from evo.proposing.feedback.results import Results


def trained(name: str, loss: float, *, parent: str = "", generation: int = 1, **known) -> Record:
    return evaluated(
        name,
        margin=known.pop("margin", None),
        trials=trials([loss, loss * 1.01, loss * 0.99], rung=1),
        parents=[parent] if parent else [],
        generation=generation,
        **known,
    )


def results(*generations: Sequence[Record]) -> Results:
    taken = Results()
    for number, records in enumerate(generations):
        taken.take(Generation(number, records, []))
    return taken


BASELINE = trained("relu", 0.4, generation=0, operator="baseline")


def test_a_child_is_compared_with_its_first_parent() -> None:
    child = trained("child", 0.2, parent="relu", model="m")

    found = results([BASELINE], [child])

    (entry,) = found.children("relu", last=1)
    assert entry.effect is not None
    assert 0.6 < entry.effect.mean.value < 0.8
    assert not entry.record.scored.trials
    assert found.after(1).counts == {"better": 1}


def test_what_a_later_generation_brought_is_not_seen_by_an_earlier_request() -> None:
    first = trained("a", 0.3, parent="relu", model="m")
    later = trained("b", 0.1, parent="relu", model="m", generation=2)

    found = results([BASELINE], [first], [later])

    assert [entry.record.id for entry in found.children("relu", last=1)] == ["a"]
    assert [record.id for record in found.after(1).leaders] == ["a"]
    assert {record.id for record in found.after(2).leaders} == {"a", "b"}
    assert found.after(1).counts == {"better": 1}


def test_answers_are_counted_by_what_became_of_them() -> None:
    asked = {"model": "m", "parents": ["relu"]}
    found = results(
        [BASELINE],
        [
            record("d", Status.DUPLICATE, stage=Stage.NOVELTY, **asked),
            record("i", Status.INVALID, stage=Stage.POLICY, **asked),
            record("u", Status.INVALID, stage=Stage.REPLY, **asked),
            record("s", Status.SCREENED_OUT, **asked),
            trained("w", 0.5, parent="relu", model="m"),
            trained("tree", 0.5, parent="relu"),
        ],
    )

    snapshot = found.after(1)
    expected = {"duplicate": 1, "invalid": 1, "unread": 1, "screened_out": 1, "worse": 1}
    assert snapshot.counts == expected
    assert [entry.record.id for entry in snapshot.answers] == [*"dius", "w"]


def test_losers_are_those_of_the_last_generations_that_are_surely_behind_the_best() -> None:
    low, near, high = (Estimate(value, value - 0.1, value + 0.1) for value in (-0.5, 0.05, 0.1))
    history = [
        [trained(f"g{number}", 0.5, margin=low, generation=number)] for number in range(1, 8)
    ]
    history[6] += [
        trained("best", 0.1, margin=high, generation=7),
        trained("near", 0.1, margin=near, generation=7),
    ]

    found = results([BASELINE], *history)

    assert {record.id for record in found.after(7).trailing} == {"g4", "g5", "g6", "g7"}
