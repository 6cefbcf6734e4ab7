from support.records import estimate, evaluated, record, trials

from evo.core.records import Generation, Record, Status
from evo.proposing.feedback.plan import Plan
from evo.proposing.feedback.results import Results
from evo.proposing.feedback.settings import FeedbackSettings
from evo.proposing.occasion import Planned

SETTINGS = FeedbackSettings(ablations=0.1, plateau=3)
DRAWN = ["generate-llm", "novel-llm"]


def best(name: str, margin: float, generation: int) -> Record:
    losses = trials([0.1, 0.2], rung=1)
    return evaluated(name, margin=estimate(margin, 0.001), trials=losses, generation=generation)


def plan(*margins: float, paradigm_in: int = 0, settings: FeedbackSettings = SETTINGS) -> Plan:
    """A search whose generations bring one candidate of each margin."""
    results = Results()
    results.take(Generation(0, [], []))
    for number, margin in enumerate(margins, start=1):
        records = [best(f"b{number}", margin, number)]
        if number == paradigm_in:
            records.append(
                record(
                    "idea",
                    Status.SCREENED_OUT,
                    operator="paradigm-llm",
                    model="m",
                    generation=number,
                    source="def activation(x): return x",
                )
            )
        results.take(Generation(number, records, []))
    return Plan(results, settings, DRAWN)


def planned(one: Plan, known: int, offspring: int = 20) -> list[Planned | None]:
    return [one(index, known, offspring) for index in range(offspring)]


def test_a_share_of_offspring_are_ablations_of_the_best() -> None:
    found = planned(plan(0.1), known=1)

    assert found[:2] == [Planned("ablate-tree", from_best=True)] * 2
    assert found[2:] == [None] * 18
    none = FeedbackSettings(ablations=0.0, plateau=0)
    assert planned(plan(0.1, settings=none), known=1) == [None] * 20


def test_nothing_is_planned_before_anything_was_evaluated() -> None:
    assert planned(plan(), known=0) == [None] * 20


def test_a_standstill_asks_once_for_another_paradigm_and_again_after_as_long() -> None:
    margins = [0.1, *[0.05] * 7]

    asked = [
        planned(plan(*margins[:known]), known).count(Planned("paradigm-llm"))
        for known in range(1, 9)
    ]

    assert asked == [0, 0, 0, 1, 0, 0, 1, 0]


def test_progress_beyond_its_noise_ends_a_standstill_and_less_does_not() -> None:
    assert Planned("paradigm-llm") not in planned(plan(0.1, 0.05, 0.2, 0.05), known=4)
    assert Planned("paradigm-llm") in planned(plan(0.1, 0.05, 0.1005, 0.05), known=4)


def test_an_idea_is_worked_out_twice_and_then_no_more() -> None:
    one = plan(0.1, 0.05, 0.3, 0.05, 0.05, paradigm_in=4)

    assert planned(one, known=4).count(Planned("generate-llm", works_out=True)) == 2
    assert one.idea(4) is not None
    assert planned(one, known=5).count(Planned("generate-llm", works_out=True)) == 0
    assert one.idea(5) is None
