"""The socket of a running campaign: who may speak through it, and what it survives."""

import json
import os
import socket
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import no_training
import pytest

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.commands import Command, CommandOutcome
from evo.core.errors import EvoError, UsageError
from evo.monitoring.control.address import SOCKET_FILE, short_name
from evo.monitoring.control.anywhere import carry_out_command
from evo.monitoring.control.client import send_command
from evo.monitoring.control.server import NoSocketError, listening


@pytest.fixture
def folder(tmp_path) -> Path:
    no_training.create(tmp_path / "run", no_training.configure()).close()
    return tmp_path / "run"


@contextmanager
def listens(folder: Path, stops: list[str] | None = None) -> Iterator[History]:
    heard = [] if stops is None else stops
    with History.open(folder) as history, listening(history, heard.append):
        yield history


def workers(number: int, key: str = "") -> Command:
    return Command.of("workers", [str(number)], key=key)


def talk(folder: Path, sent: bytes, *, reads: bool = True) -> bytes:
    """Send bytes as they are, and read the answer or hang up."""
    with short_name(folder) as place, socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(place / SOCKET_FILE))
        connection.sendall(sent)
        if not reads:
            return b""
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_a_command_reaches_the_process_that_runs_a_campaign(folder) -> None:
    with listens(folder) as history:
        answer, is_running = carry_out_command(folder, workers(3))

        assert (answer, is_running) == (
            CommandOutcome(True, 1, "From generation 1 on: workers = 3."),
            True,
        )
        assert history.config["workers"] == 3
    assert Reader.read(folder).config["workers"] == 3


def test_a_stopped_campaign_is_steered_on_its_files(folder) -> None:
    answer, is_running = carry_out_command(folder, workers(3))

    assert (answer.changed, is_running) == (True, False)
    assert Reader.read(folder).config["workers"] == 3


def test_the_owner_alone_may_connect_and_nothing_is_left_behind(folder) -> None:
    before = sorted(path.name for path in folder.iterdir())
    with listens(folder):
        found = (folder / SOCKET_FILE).lstat()
        names = sorted(path.name for path in folder.iterdir())

    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert names == sorted([*before, SOCKET_FILE])
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_refused_by_rights_and_by_name(public) -> None:
    def ask(pipe: int) -> None:
        try:
            os.write(pipe, talk(public, json.dumps(workers(9)._asdict()).encode() + b"\n"))
        except PermissionError:
            os.write(pipe, b"refused")

    with listens(public):
        with as_nobody(ask) as pipe:
            assert os.read(pipe, 1000) == b"refused"
        (public / SOCKET_FILE).chmod(0o666)
        with as_nobody(ask) as pipe:
            assert b"Only the user who runs a campaign" in os.read(pipe, 1000)
    assert Reader.read(public).changes == ()


@pytest.fixture
def public() -> Iterator[Path]:
    """The folder of a campaign that every user may write to."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        no_training.create(folder, no_training.configure()).close()
        for path in (folder.parent, folder):
            path.chmod(0o777)
        yield folder


@contextmanager
def as_nobody(act: Callable[[int], None]) -> Iterator[int]:
    """A process of another user; yields the end of the pipe that it writes to."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            os.setuid(65534)
            act(writing)
        finally:
            os._exit(0)  # nothing of the tests runs on in the child
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)
        os.waitpid(child, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_socket_that_another_user_put_there_is_told_nothing(public) -> None:
    def pose(pipe: int) -> None:
        with short_name(public) as place, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place / SOCKET_FILE))
            (place / SOCKET_FILE).chmod(0o666)
            listener.listen()
            os.write(pipe, b"ready")
            connection, _ = listener.accept()
            os.write(pipe, connection.recv(1000) or b"nothing")

    with as_nobody(pose) as pipe:
        assert os.read(pipe, 1000) == b"ready"
        with pytest.raises(UsageError, match="another user's"):
            send_command(public, workers(3))
        assert os.read(pipe, 1000) == b"nothing"


def test_a_folder_deeper_than_an_address_is_reached(tmp_path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100) / "run"
    deep.parent.mkdir(parents=True)
    no_training.create(deep, no_training.configure()).close()

    with listens(deep):
        assert send_command(deep, workers(3)) == CommandOutcome(
            True, 1, "From generation 1 on: workers = 3."
        )


def test_a_socket_that_a_killed_process_left_is_nobody_and_is_replaced(folder) -> None:
    with socket.socket(socket.AF_UNIX) as listener, short_name(folder) as place:
        listener.bind(str(place / SOCKET_FILE))
    (folder / ".control-left").mkdir()

    assert send_command(folder, workers(3)) is None
    assert carry_out_command(folder, workers(4))[1] is False
    with listens(folder):
        assert send_command(folder, workers(5)) is not None
        assert not (folder / ".control-left").exists()


def test_two_controllers_at_once_lose_nothing(folder) -> None:
    with listens(folder) as history:
        carry_out_command(folder, Command.of("budget", ["hours=1"]))

        def add() -> None:
            for _ in range(5):
                assert send_command(folder, Command.of("budget", ["hours=+1"])) is not None

        controllers = [threading.Thread(target=add) for _ in range(4)]
        for controller in controllers:
            controller.start()
        for controller in controllers:
            controller.join()

        assert history.config["llm"]["budget"]["hours"] == 21.0
    assert len(Reader.read(folder).changes) == 21


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\n",
        b"garbage\n",
        b"[]\n",
        b'{"verb": "workers"}\n',
        b'{"verb": "workers", "arguments": [3], "key": "", "generations": 10}\n',
        b'{"verb": "rm", "arguments": [], "key": "", "generations": 10}\n',
        b"[" * 60_000 + b"\n",
        b"x" * 200_000,
        b"\xff\xfe\n",
    ],
)
def test_whatever_else_is_sent_is_refused_and_the_next_command_heard(folder, sent) -> None:
    with listens(folder) as history:
        try:
            answer = json.loads(talk(folder, sent))
        except ConnectionError:  # it hangs up on what is too long
            answer = {"is_usage": True}

        assert answer["is_usage"]
        assert history.changes == ()
        assert send_command(folder, workers(3)) is not None


def test_a_client_that_hangs_up_has_its_command_carried_out_once(folder) -> None:
    command = workers(3, key="mine")
    with listens(folder) as history:
        talk(folder, json.dumps(command._asdict()).encode() + b"\n", reads=False)
        answer = send_command(folder, command)

        assert answer is not None
        assert len(history.changes) == 1


def test_silent_connections_hold_up_neither_commands_nor_the_end(folder) -> None:
    with listens(folder), short_name(folder) as place:
        silent = [socket.socket(socket.AF_UNIX) for _ in range(5)]
        for connection in silent:
            connection.connect(str(place / SOCKET_FILE))

        assert send_command(folder, workers(3)) is not None
    for connection in silent:
        connection.close()


def test_stop_reaches_the_process_and_is_written_down(folder) -> None:
    stops: list[str] = []
    with listens(folder, stops):
        answer = send_command(folder, Command.of("stop"))

    assert answer == CommandOutcome(True, 0, "It stops when the work in progress is done.")
    assert stops == ["stopped by evo ctl"]
    assert carry_out_command(folder, Command.of("stop"))[0].message == "No process runs it."


def test_a_folder_without_sockets_costs_a_word_and_not_the_campaign(folder, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with History.open(folder) as history:
        with (
            pytest.raises(NoSocketError, match="takes no socket"),
            listening(history, print),
        ):
            pytest.fail("it listens")
        with pytest.raises(EvoError, match="is running and cannot be reached"):
            carry_out_command(folder, workers(3), starts_within_s=0.1)
    assert not list(folder.glob(".control-*"))
