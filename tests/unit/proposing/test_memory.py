from evo.core.records import Candidate, Generation, Novelty, Record, Status
from evo.proposing.memory import Memory
from operators.adaptation import Tally


def record(name: str, operator: str, generation: int = 1, **known) -> Record:
    parents, model = known.pop("parents", ()), known.pop("model", "")
    candidate = Candidate(name, "activation", name, parents, operator, model)
    return Record(candidate, generation, **known)


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
    assert len(memory._generations) <= 5


def test_one_reason_is_told_once_the_newest_first() -> None:
    memory = Memory(5)
    for generation, reason in ((1, "old"), (2, "same"), (3, "same")):
        failed = record(f"{generation}", "one", generation, status=Status.INVALID, reason=reason)
        memory.take(Generation(generation, [failed], []))

    failures = memory.after(3).failures
    assert [(f.id, f.reason) for f in failures] == [("3", "same"), ("1", "old")]
