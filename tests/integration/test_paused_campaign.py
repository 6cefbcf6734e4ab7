"""Campaigns that a person holds for a while."""

import threading

import no_training
import pytest
from steering import Moment, configure, run, said, segments

from archive.history.changes import is_paused
from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.commands import Command
from evo.campaign.progress import Progress
from evo.campaign.steer import steer


def test_a_pause_holds_the_campaign_and_changes_nothing(tmp_path) -> None:
    config = configure("generations=3")
    run(tmp_path / "whole", config)
    no_training.create(tmp_path / "held", config).close()
    steps: list[Moment] = []

    def watch(progress: Progress) -> None:
        steps.append((progress.generation, progress.step))
        if steps[-1] == (2, "recognise") and not history.changes:
            steer(history, Command.of("pause"))
            again = Command.of("resume")
            threading.Timer(0.2, lambda: steer(history, again)).start()

    with History.open(tmp_path / "held") as history:
        no_training.run(history, watch)

    assert segments(tmp_path / "held") == segments(tmp_path / "whole")
    held = steps.index((2, "paused"))
    assert steps[held - 1] == (2, "recognise")
    assert [c.command for c in Reader.read(tmp_path / "held").changes] == ["pause", "resume"]


def test_a_paused_campaign_that_is_killed_is_still_paused(tmp_path) -> None:
    says = {(2, "recognise"): said("pause")}
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", configure("generations=3"), says, die_at=(2, "paused"))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", configure(), die_at=(2, "paused"))

    with History.open(tmp_path / "run") as history:
        assert steer(history, Command.of("resume")).message == "It is no longer paused."
        assert not is_paused(history.changes)
    run(tmp_path / "run", configure())
    assert Reader.read(tmp_path / "run").generation == 3
