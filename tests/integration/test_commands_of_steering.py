"""Commands to a campaign that does not run: refused, bounded, carried out once."""

from collections.abc import Sequence
from pathlib import Path

import no_training
import pytest
from steering import configure, run, with_models

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.commands import Command
from evo.campaign.steer import steer
from evo.core.errors import UsageError


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    run(folder, configure("generations=2"))
    return folder


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["puase"], "Unknown command 'puase'. Did you mean 'pause'"),
        (["hint"], 'Expected hint "TEXT", got 0 arguments'),
        (["hint", "two", "words"], "with quotes around the text"),
        (["hint", "bounded"], "No language model is configured"),
        (["pin", "zzzz"], "No component evaluated in a finished generation has an id"),
        (["unpin", "ab"], "No component pinned has an id"),
        (["budget", "euros=5"], "Expected one of requests, tokens"),
        (["budget", "dollars=+5"], "no limit now"),
        (["workers", "many"], "Expected a whole number"),
        (["model", "gpt", "off"], "Expected a model of none"),
        (["generations", "1"], "expected 2 or more, which are sealed"),
        (["set", "seed=4"], "every random draw"),
        (["set", 'operators={"mutate-tee"=1}'], "Unknown operator 'mutate-tee'"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(finished, words, message) -> None:
    with (
        History.open(finished) as history,
        pytest.raises(UsageError, match=message),
    ):
        steer(history, Command.of(words[0], words[1:]))
    assert Reader.read(finished).changes == ()


def hints_after(folder: Path, *commands: Sequence[str]) -> list[str]:
    with History.open(folder) as history:
        for words in commands:
            steer(history, Command.of(words[0], words[1:]))
        return [hint["text"] for hint in history.config["steering"]["hints"]]


def test_hints_are_bounded_in_length_and_number_and_can_be_taken_back(tmp_path) -> None:
    no_training.create(tmp_path / "run", with_models(tmp_path)).close()
    five = [["hint", f"Hint {number}."] for number in range(5)]

    assert len(hints_after(tmp_path / "run", *five, ["hint", "Hint 2."])) == 5
    with pytest.raises(UsageError, match="5 hints hold already"):
        hints_after(tmp_path / "run", ["hint", "One more."])
    with pytest.raises(UsageError, match="1 to 500 characters, got 501"):
        hints_after(tmp_path / "run", ["hint", "x" * 501])
    assert hints_after(tmp_path / "run", ["unhint", "Hint 3"]) == [
        *("Hint 0.", "Hint 1.", "Hint 2.", "Hint 4.")
    ]
    assert hints_after(tmp_path / "run", ["unhint", "all"]) == []


def test_the_last_model_cannot_be_switched_off(tmp_path) -> None:
    no_training.create(tmp_path / "run", with_models(tmp_path)).close()

    with History.open(tmp_path / "run") as history:
        assert steer(history, Command.of("model", ["one", "off"])).changed
        with pytest.raises(UsageError, match="expected a model that is not off"):
            steer(history, Command.of("model", ["two", "off"]))
        assert steer(history, Command.of("model", ["one", "on"])).changed
        assert history.config["llm"]["off"] == []


def test_a_command_is_carried_out_once(tmp_path) -> None:
    no_training.create(tmp_path / "run", configure("llm.budget.hours=1.0")).close()
    command = Command.of("budget", ["hours=+2"], key="evening")

    with History.open(tmp_path / "run") as history:
        first, again = steer(history, command), steer(history, command)
        same = steer(history, Command.of("budget", ["hours=3"]))

    assert (first.changed, again.changed, same.changed) == (True, False, False)
    assert again.first == first.first
    assert same.message == "It is so already."
    history = Reader.read(tmp_path / "run")
    assert (history.config["llm"]["budget"]["hours"], len(history.changes)) == (3.0, 1)
