"""Listen for commands to the campaign that this process runs, on a Unix socket in its folder.

Its owner alone may connect: the socket is made in a folder that nobody else can enter, gets the
rights 0600 there, and is then moved to its place; of who connects, the system tells the user. A
connection costs a thread for seconds at most, and whatever it sends, the campaign goes on.
"""

import json
import os
import select
import socket
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from archive.history.history import History
from evo.campaign.commands import Command
from evo.campaign.steer import Stop, steer
from evo.core.errors import EvoError, UsageError
from evo.monitoring.control.address import SOCKET_FILE, peer_user, short_name

_LONGEST_MESSAGE = 1 << 16
_PATIENCE_S = 5.0
"""How long a client may take to send its command, and to take the answer."""
_MOST_AT_ONCE = 8
_DRAFT = ".control-"


class NoSocketError(EvoError):
    """The folder takes no socket, so that the campaign cannot be steered while it runs."""


@contextmanager
def listening(history: History, stop: Stop) -> Generator[None]:
    """Carry out commands to a campaign as long as the context lasts.

    Args:
        history: the campaign's, open for writing.
        stop: stops the campaign, for a reason.

    Raises:
        NoSocketError: the folder takes no socket.
    """
    listener = _bound(history.folder)
    inode = (history.folder / SOCKET_FILE).lstat().st_ino
    wake, woken = socket.socketpair()
    server = _Server(history, stop, listener, woken)
    thread = threading.Thread(target=server.serve, name="control", daemon=True)
    thread.start()
    try:
        yield
    finally:
        wake.close()
        thread.join()
        listener.close()
        woken.close()
        with suppress(OSError):  # a folder that is gone, or that cannot be written any more
            if (history.folder / SOCKET_FILE).lstat().st_ino == inode:
                (history.folder / SOCKET_FILE).unlink()


def _bound(folder: Path) -> socket.socket:
    """A socket that listens in a folder, in place of one that a killed process left there."""
    if not hasattr(socket, "AF_UNIX"):
        raise NoSocketError("This system has no sockets of files; evo ctl cannot steer campaigns.")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_name(folder) as place:
            for left in place.glob(f"{_DRAFT}*"):
                _remove(left)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=place))  # for its owner alone
            try:
                listener.bind(str(draft / "s"))
                (draft / "s").chmod(0o600)
                (draft / "s").replace(place / SOCKET_FILE)
            finally:
                _remove(draft)
        listener.listen(_MOST_AT_ONCE)
    except OSError as error:
        listener.close()
        raise NoSocketError(
            f"{folder} takes no socket ({error.strerror or error}), so this campaign cannot be "
            "steered while it runs. Stop it to use evo ctl: what it says then holds on resume."
        ) from None
    return listener


def _remove(draft: Path) -> None:
    with suppress(OSError):
        (draft / "s").unlink(missing_ok=True)
        draft.rmdir()


class _Server:
    """Answers the connections of a socket, each in a thread of its own.

    Args:
        history: the campaign's, open for writing.
        stop: stops the campaign.
        listener: the socket.
        woken: can be read when the server is to end.
    """

    def __init__(
        self, history: History, stop: Stop, listener: socket.socket, woken: socket.socket
    ) -> None:
        self._history = history
        self._stop = stop
        self._listener = listener
        self._woken = woken
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def serve(self) -> None:
        """Answer until woken, and until every answer that was begun is given."""
        while True:
            ready, _, _ = select.select([self._listener, self._woken], [], [])
            if self._woken in ready:
                break
            try:
                connection, _ = self._listener.accept()
            except OSError:
                time.sleep(0.1)  # such as no descriptor being left
                continue
            self._places.acquire()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()
        for _ in range(_MOST_AT_ONCE):
            self._places.acquire()

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):  # whoever asked may be gone
                connection.settimeout(_PATIENCE_S)
                answer = self._answer(connection)
                connection.sendall(json.dumps(answer).encode())
        finally:
            self._places.release()

    def _answer(self, connection: socket.socket) -> dict[str, Any]:
        try:
            message = _received(connection)  # also of who is refused, or the answer is lost
            if peer_user(connection) not in (None, 0, os.geteuid()):
                raise UsageError("Only the user who runs a campaign steers it.")
            command = Command.read(message)
            return steer(self._history, command, stop=self._stop)._asdict()
        except EvoError as error:
            return {"error": str(error), "is_usage": isinstance(error, UsageError)}
        except Exception as error:  # noqa: BLE001 - no command may end a campaign
            return {"error": f"The command failed: {type(error).__name__}.", "is_usage": False}


def _received(connection: socket.socket) -> Any:
    """The JSON that a client sends in one line, within limits of size and time."""
    deadline, received = time.monotonic() + _PATIENCE_S, b""
    while b"\n" not in received:
        if len(received) > _LONGEST_MESSAGE or time.monotonic() > deadline:
            raise UsageError("Expected a command of evo ctl.")
        if not (part := connection.recv(1 << 16)):
            break
        received += part
    try:
        return json.loads(received)
    except (ValueError, RecursionError):
        raise UsageError("Expected a command of evo ctl.") from None
