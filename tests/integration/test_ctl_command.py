"""`evo ctl` as it is typed, on campaigns that run and campaigns that do not."""

import shutil
import threading
from pathlib import Path

import no_training
import pytest
from support.command import call_evo

from archive.history.history import History
from archive.history.reader import Reader
from evo.api.listener import Listener
from evo.api.working import work
from evo.campaign.events import StopCause
from evo.campaign.progress import Progress
from evo.monitoring.control.server import listening


@pytest.fixture
def place(tmp_path) -> Path:
    folder = tmp_path / "runs" / "first"
    no_training.create(folder, no_training.configure(("generations=3", "population=6"))).close()
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A campaign of three generations, which no test changes."""
    folder = tmp_path_factory.mktemp("finished") / "first"
    config = no_training.configure(("generations=3", "population=6", "offspring=6", "trainings=3"))
    with no_training.create(folder, config) as history:
        no_training.run(history, lambda _: None)
    return folder


def test_a_stopped_campaign_takes_commands_and_shows_them(place) -> None:
    done = call_evo("ctl", "first", "budget", "hours=2", "trainings=50", "--json", cwd=place)
    shown = call_evo("ctl", "first", cwd=place)
    facts = call_evo("ctl", "first", "--json", cwd=place)

    assert (done.code, done.json["changed"], done.json["is_running"]) == (0, True, False)
    assert done.json["command"] == "budget hours=2 trainings=50"
    assert "not running" in shown.out
    assert facts.json["budget"] == {"hours": 2.0, "trainings": 50}
    assert facts.json["changes"][0]["command"] == "budget hours=2 trainings=50"


def test_a_running_campaign_takes_commands(place) -> None:
    with History.open(place / "runs" / "first") as history, listening(history, print):
        first = call_evo("ctl", "first", "workers", "2", "--key", "a", "--json", cwd=place)
        again = call_evo("ctl", "first", "workers", "2", "--key", "a", "--json", cwd=place)
        paused = call_evo("ctl", "first", "pause", cwd=place)
        status = call_evo("status", "first", "--json", cwd=place)

    assert (first.json["is_running"], first.json["changed"]) == (True, True)
    assert (again.code, again.json["changed"]) == (0, False)
    assert (paused.code, paused.out) == (0, "It pauses when the trainings in progress are done.\n")
    assert status.json["paused"] == "until evo ctl RUN resume"
    assert [change["command"] for change in status.json["changes"]] == ["workers 2", "pause"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["first", "puase"], 2, "Did you mean 'pause'"),
        (["first", "hint", "x"], 2, "No language model is configured"),
        (["frist", "pause"], 2, "Did you mean 'first'"),
        (["first", "budget", "hours"], 2, "as in hours=+2"),
    ],
)
def test_what_cannot_be_done_is_one_message(place, words, code, message) -> None:
    done = call_evo("ctl", *words, cwd=place)

    assert (done.code, done.out) == (code, "")
    assert message in " ".join(done.err.split())


def test_a_folder_that_may_only_be_read_is_one_message(place, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("archive.store.lock.os.open", refuse)
    done = call_evo("ctl", "first", "workers", "2", cwd=place)

    assert done.code == 1
    assert "Read-only file system" in done.err
    assert Reader.read(place / "runs" / "first").changes == ()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["workers", "2"], "From generation 4 on: workers = 2."),
        (["pause"], "It pauses when it is resumed."),
        (["stop"], "No process runs it."),
    ],
)
def test_a_finished_campaign_keeps_what_is_said_and_tells_how_to_go_on(
    finished, tmp_path, words, answer
) -> None:
    shutil.copytree(finished, tmp_path / "runs" / "first")
    said = call_evo("ctl", "first", *words, cwd=tmp_path)
    extended = call_evo("ctl", "first", "generations", "+1", cwd=tmp_path)

    go_on = "The campaign has finished; go on with evo resume runs/first"
    assert said.out == f"{answer} {go_on} --generations +N.\n"
    assert extended.out == f"From generation 4 on: generations = 4. {go_on}.\n"
    changes = Reader.read(tmp_path / "runs" / "first").changes
    noted = [change.command for change in changes]
    assert noted == [*([] if words == ["stop"] else [" ".join(words)]), "generations +1"]


def test_stop_ends_a_campaign_in_order_and_says_who_did(place) -> None:
    folder = place / "runs" / "first"
    told: list[object] = []
    asked = threading.Event()

    def engine(history: History, watch, **_: object) -> None:
        def watch_and_ask(progress: Progress) -> None:
            if (progress.generation, progress.step) == (2, "recognise") and not asked.is_set():
                asked.set()
                assert call_evo("ctl", "first", "stop", cwd=place).code == 0
            watch(progress)

        no_training.run(history, watch_and_ask)

    with History.open(folder) as history, pytest.raises(KeyboardInterrupt):
        work(history, Listener(told.append), lambda _: None, engine=engine)

    assert told[-1].cause is StopCause.INTERRUPTED
    assert told[-1].message == "stopped by evo ctl"
    status = call_evo("status", "first", "--json", cwd=place)
    assert (status.json["state"], status.json["stopped_because"]) == (
        *("stopped", "stopped by evo ctl"),
    )
    assert status.json["generation"] == 1


def test_a_campaign_whose_folder_takes_no_socket_runs_all_the_same(place, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    warnings: list[str] = []

    def engine(history: History, watch, **_: object) -> None:
        no_training.run(history, watch)

    monkeypatch.setattr("socket.socket.bind", refuse)
    with History.open(place / "runs" / "first") as history:
        stopped = work(history, Listener(), lambda _: None, engine=engine, warn=warnings.append)

    assert stopped.cause is StopCause.FINISHED
    assert len(warnings) == 1
    assert "takes no socket (Operation not supported)" in warnings[0]
