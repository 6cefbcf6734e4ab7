"""The climb at the end of a run, in `evo status` and beside the front."""

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

from report_samples import baselines, overview, record
from rich.console import Console, RenderableType

from evo.core.records import Record
from evo.core.stages import TrainingEnd
from evo.report.facts.analysis import analyse
from evo.report.facts.climb import climb_facts, climb_of
from evo.report.facts.logbook import logbook
from evo.report.facts.pareto import pareto_facts
from evo.report.pictures.novelty import draw_novelty
from evo.report.views.climb import climb_table
from evo.report.views.pareto import pareto_view

CONFIG = {"protocol": {"first_seed": 0, "rungs": [{"seeds": 3}]}}
"""Of the six seeds of the samples three are fresh."""


def text_of(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=100).print(view)
    return text.getvalue()


def again(known: Record) -> Record:
    return replace(known, score=replace(known.scored, end=TrainingEnd.REMEASURED))


def history() -> Sequence[Record]:
    return [
        *baselines(),
        record("first", 1.1, 0.2, generation=1, parents=["relu"]),
        again(record("second", 0.5, 0.3, generation=2, parents=["first"])),
        record("third", 1.4, 0.3, generation=2, parents=["first"]),
    ]


def test_the_logbook_and_its_table_have_the_climb_of_every_generation() -> None:
    book = logbook(history(), CONFIG)

    assert [entry["gen"] for entry in book] == [1, 2]
    one, two = book
    assert one["best"] < 0 < two["best_low"] < two["best"] < two["best_high"]
    assert (one["remeasured"], one["excess"]) == (0, None)
    assert two["remeasured"] == 1
    assert abs(two["excess"]) < 0.5
    assert (one["ahead"], two["ahead"]) == (0.0, 0.5)
    assert one["merit"] == 1.0
    assert two["mean"] < two["best"]
    text = text_of(climb_table(book))
    assert f"{two['best']:+.3f} [{two['best_low']:+.2f}" in text
    assert "50%" in text


def test_facts_of_the_climb_are_those_of_the_last_generation() -> None:
    facts = climb_facts(climb_of(history(), CONFIG))

    assert facts is not None
    assert facts["best"] == "second"
    assert facts["margin_ci"][0] < facts["margin"] < facts["margin_ci"][1]
    assert facts["remeasured"] == 1
    assert facts["ahead_of_parents"] == 0.5
    assert facts["warning"] is None
    assert climb_facts(climb_of(baselines(), CONFIG)) is None


EXOTIC = record("exotic", 2.5, 0.9)
FRONT = [*baselines(), again(record("good", 0.5, 0.1)), record("novel", 0.8, 0.4), EXOTIC]


def test_members_without_merit_are_named_and_come_last() -> None:
    keys = ("n_behaviour", "b_wr")
    analysis = analyse(FRONT, overview(FRONT, keys=keys).analysis.objectives)
    assert analysis.records[analysis.members[0]].id == "exotic"

    front = pareto_facts(overview(FRONT, keys=keys))["front"]
    text = text_of(pareto_view(overview(FRONT, keys=keys)))

    assert [(member["id"], member["merit"]) for member in front] == [
        ("novel", True),
        ("good", True),
        ("exotic", False),
    ]
    assert "1 of 3 on the front have no merit" in text
    assert text.index("novel") < text.index("exotic")


def test_the_front_says_what_was_measured_again() -> None:
    front = pareto_facts(overview(FRONT))["front"]

    assert {member["id"]: member["remeasured"] for member in front} == {
        "good": True,
        "novel": False,
        "exotic": False,
    }
    assert text_of(pareto_view(overview(FRONT))).count("measured again") == 1


def test_the_picture_tells_members_with_merit_from_those_without() -> None:
    def legend(records: Sequence[Record]) -> str:
        (drawn,) = draw_novelty(overview(records)).legends
        return " ".join(text.get_text() for text in drawn.get_texts())

    assert "without merit" in legend(FRONT)
    assert "without merit" not in legend(FRONT[:-1])
