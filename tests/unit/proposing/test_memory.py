from dataclasses import replace

from support import records

from evo.core.adaptation import Tally
from evo.core.novelty import Novelty
from evo.core.records import Generation, Record, Status
from evo.proposing.memory import Memory
from operators.past import Success
from operators.tree.form import form_key

FORM = "activation(x): return {} * x"


def record(name: str, operator: str, generation: int = 1, **known) -> Record:
    """A record whose source is its name."""
    return records.record(name, source=name, operator=operator, generation=generation, **known)


LIVES = {"status": Status.EVALUATED, "novelty": Novelty(0.1, 0.1, "a", "b")}


def test_an_operator_is_credited_with_what_survives() -> None:
    memory = Memory(5)
    records = [record("a", "one", **LIVES), record("b", "one"), record("c", "two", **LIVES)]

    memory.take(Generation(1, records, ["a", "z"]))

    assert memory.after(1).operators == {"one": Tally(2, 1), "two": Tally(1, 0)}


def test_what_a_repair_saves_is_to_the_credit_of_who_wrote_it() -> None:
    memory = Memory(5)
    refused = record("a", "novel-llm", model="m", status=Status.INVALID, reason="no", cost_usd=1.0)
    mended = record("b", "repair-llm", model="m", parents=("a",), cost_usd=0.5, **LIVES)

    memory.take(Generation(1, [refused, mended], ["b"]))

    lessons = memory.after(1)
    assert lessons.operators == {"novel-llm": Tally(1, 1, 1.5)}
    assert lessons.models == {"m": Tally(1, 1, 1.5)}
    assert [failure.reason for failure in lessons.failures] == ["no"]


def test_a_duplicate_of_a_survivor_earns_nothing() -> None:
    memory = Memory(5)

    memory.take(Generation(1, [record("a", "one", status=Status.DUPLICATE)], ["a"]))

    assert memory.after(1).operators == {"one": Tally(1, 0)}


def test_only_the_window_counts_and_an_earlier_view_stays_what_it_was() -> None:
    memory = Memory(2)
    for generation in range(1, 8):
        memory.take(Generation(generation, [record(f"{generation}", "one", generation)], []))

    assert memory.after(7).operators == {"one": Tally(2, 0)}
    assert memory.after(5).operators == {"one": Tally(2, 0)}
    assert memory.after(2).operators == {}  # forgotten


def test_one_reason_is_told_once_the_newest_first() -> None:
    memory = Memory(5)
    for generation, reason in ((1, "old"), (2, "same"), (3, "same")):
        failed = record(f"{generation}", "one", generation, status=Status.INVALID, reason=reason)
        memory.take(Generation(generation, [failed], []))

    failures = memory.after(3).failures
    assert [(f.id, f.reason) for f in failures] == [("3", "same"), ("1", "old")]


def trained(name: str, margin: float, *, rung: int = 1, **known) -> Record:
    score = records.score(0.5, rung=rung, margin=records.estimate(margin, 0.1))
    return record(name, "one", status=Status.EVALUATED, score=score, **known)


def test_variants_of_a_form_are_what_was_evaluated_by_numbers_and_margin() -> None:
    memory = Memory(2)
    first, second = (trained(FORM.format(z), margin) for z, margin in ((0.5, 0.1), (2.0, -0.2)))
    other = trained("activation(x): return x", 1.0)
    refused = record(FORM.format(3.0), "one", status=Status.INVALID)

    memory.take(Generation(0, [first], []))
    memory.take(Generation(1, [second, other, refused], []))

    variants = memory.after(1).past.variants(form_key(FORM.format(7))[0])
    assert [(v.numbers, v.margin) for v in variants] == [((0.5,), 0.1), ((2.0,), -0.2)]
    assert [round(v.error, 6) for v in variants] == [0.1, 0.1]


def test_an_earlier_view_knows_no_later_variants_and_the_whole_history_counts() -> None:
    memory = Memory(2)
    for generation in range(9):
        memory.take(Generation(generation, [trained(FORM.format(generation + 0.5), 0.0)], []))

    of_form = form_key(FORM.format(1.0))[0]
    assert len(memory.after(8).past.variants(of_form)) == 9
    assert len(memory.after(5).past.variants(of_form)) == 6


def test_components_of_a_combination_leave_no_variants() -> None:
    memory = Memory(2)
    alone = trained(FORM.format(0.5), 0.1)
    both = replace(alone, candidate=replace(alone.candidate, kind="activation+regularizer"))

    memory.take(Generation(1, [both], []))

    assert not memory.after(1).past.variants(form_key(FORM.format(0.5))[0])


def child(name: str, margin: float, step: int, parent: str, *, rung: int = 1) -> Record:
    born = trained(name, margin, rung=rung, parents=(parent,))
    return replace(born, candidate=replace(born.candidate, step=step))


def test_a_step_succeeds_where_a_child_is_ahead_of_its_parent() -> None:
    memory = Memory(5)
    memory.take(Generation(0, [trained("p", 0.0)], []))
    children = [
        child("a", 0.1, 0, "p"),
        child("b", -0.1, 0, "p"),
        child("c", 0.9, 1, "p", rung=0),  # cut early: a short rung's margin is no success
        child("d", -0.9, 2, "p", rung=2),
        child("e", 0.1, -1, "p"),
        child("f", 0.1, 0, "unknown"),
        replace(child("g", 0.1, 0, "p"), status=Status.FAILED, score=None),
    ]
    memory.take(Generation(1, children, []))

    steps = memory.after(1).past.steps
    assert steps == {"one": {0: Success(2, 1), 1: Success(1, 0), 2: Success(1, 1)}}


def test_successes_of_steps_are_those_of_the_window_and_of_the_view() -> None:
    memory = Memory(2)
    memory.take(Generation(0, [trained("p", 0.0)], []))
    for generation in range(1, 6):
        memory.take(Generation(generation, [child(f"{generation}", 0.1, 0, "p")], []))

    assert memory.after(5).past.steps == {"one": {0: Success(2, 2)}}
    assert memory.after(1).past.steps == {"one": {0: Success(1, 1)}}
