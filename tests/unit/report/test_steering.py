"""What `evo ctl RUN` shows of a campaign that was steered."""

from pathlib import Path

import no_training
from rich.console import Console

from archive.history.history import History
from evo.campaign.commands import Command
from evo.campaign.steer import steer
from evo.report.facts.steering import steering_facts
from evo.report.views.steering import steering_view


def steered(folder: Path, *commands: str) -> History:
    settings = ("population=6", 'steering.hints=[{text="Stay smooth.", last=2}]')
    history = no_training.create(folder, no_training.configure(settings))
    for words in commands:
        verb, *arguments = words.split()
        steer(history, Command.of(verb, arguments))
    return history


def test_what_holds_and_what_was_said_are_shown(tmp_path) -> None:
    with steered(tmp_path / "run", "workers 3", "budget hours=2", "pause") as history:
        facts = steering_facts(history)

    assert (facts["is_paused"], facts["workers"], facts["budget"]) == (True, 3, {"hours": 2.0})
    assert [change["command"] for change in facts["changes"]] == [
        *("workers 3", "budget hours=2", "pause")
    ]
    assert facts["hints"] == [{"text": "Stay smooth.", "first": 1, "last": 2}]
    console = Console(width=90)
    with console.capture() as shown:
        console.print(steering_view(facts))
    for words in (
        "running, paused",
        "budget.hours",
        "Stay smooth.",
        "hint from 1 to 2",
        "workers 3",
    ):
        assert words in shown.get()
