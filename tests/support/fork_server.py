"""A process that has imported what `evo` imports, and forks a process for each command.

A start of `evo` takes two seconds of processor time, nearly all of it for importing torch; a fork
takes milliseconds. What is forked is a process as any other: with a process id, a session, streams,
a folder and an environment of its own, to be signalled and killed. Only `/proc/…/environ` and
`/proc/…/cmdline` are those of the server, so that tests of these execute the command.

Run as a program, it serves requests on the socket that its argument names; `start` is the side of
the tests.
"""

import atexit
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_MESSAGE_BYTES = 1 << 17
_HEAVY = (
    *("evo.cli", "evo.campaign.process", "evo.campaign.build", "evo.api.running"),
    *("evo.compute.engines.local", "evo.studies.confirm", "evo.web.app"),
)
"""Modules that between them import nearly all that a command may need."""


class Request(NamedTuple):
    """A command to run.

    Attributes:
        words: what follows `evo` on the command line.
        mounts: script of the shell that mounts file systems for the process alone; "" for none.
    """

    words: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]
    mounts: str


class Forked:
    """A command that runs, in a session of its own; as much of `subprocess.Popen` as tests need."""

    def __init__(self, stdout: int, stderr: int, status: int) -> None:
        self.stdout = os.fdopen(stdout, encoding="utf-8")
        self.stderr = os.fdopen(stderr, encoding="utf-8")
        self._status = os.fdopen(status, encoding="ascii")
        self.pid = int(self._status.readline())
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Its exit code, or minus the signal that ended it; it is killed if time is up before."""
        killing = threading.Timer(timeout, self.send_signal, [signal.SIGKILL])
        killing.start()
        told = self._status.readline()
        killing.cancel()
        assert told, "the server was lost"
        self.returncode = int(told)
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """All that it writes until it ends."""
        errors: list[str] = []
        reader = threading.Thread(target=lambda: errors.append(self.stderr.read()))
        reader.start()
        killing = threading.Timer(timeout, self.send_signal, [signal.SIGKILL])
        killing.start()
        out = self.stdout.read()
        killing.cancel()
        reader.join()
        self.wait(timeout)
        return out, errors[0]


def start(
    *words: str, cwd: Path, environment: Mapping[str, str] | None = None, mounts: str = ""
) -> Forked:
    """Start the command `evo` in a process that the server forks."""
    given = dict(os.environ if environment is None else environment)
    reading, writing = zip(*(os.pipe() for _ in range(3)), strict=True)
    content = pickle.dumps(Request(words, str(cwd), given, mounts))
    assert len(content) < _MESSAGE_BYTES
    socket.send_fds(_server(), [content], writing)
    for descriptor in writing:
        os.close(descriptor)
    return Forked(*reading)


@lru_cache(maxsize=1)
def _server() -> socket.socket:
    """The socket of this process's server, which ends with this process."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, __file__, str(there.fileno())]
    tests = Path(__file__).parents[1]
    subprocess.Popen(  # one thread of BLAS: only a process with one thread is forked in one piece
        command,
        pass_fds=[there.fileno()],
        env={**os.environ, "PYTHONPATH": str(tests), "OPENBLAS_NUM_THREADS": "1"},
        start_new_session=True,
    )
    there.close()
    atexit.register(here.close)
    return here


def _serve(requests: socket.socket) -> Request:
    """Fork a process for each request; returns its request, in that process alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch
    while True:
        content, descriptors, _, _ = socket.recv_fds(requests, _MESSAGE_BYTES, 3)
        if not content:
            os._exit(0)
        if os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            continue
        requests.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if child := os.fork():
            _watch(child, *descriptors)
        _become(descriptors)
        return pickle.loads(content)


def _watch(child: int, stdout: int, stderr: int, status: int) -> None:
    """Tell the process id of a child, and how it ended; ends this process."""
    os.close(stdout)
    os.close(stderr)
    os.write(status, f"{child}\n".encode())
    _, ended = os.waitpid(child, 0)
    os.write(status, f"{os.waitstatus_to_exitcode(ended)}\n".encode())
    os._exit(0)


def _become(descriptors: list[int]) -> None:
    """Make this process the leader of a session with these streams, which hears Ctrl-C."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDONLY)
    for source, target in zip((nowhere, *descriptors[:2]), range(3), strict=True):
        os.dup2(source, target)
    for descriptor in (nowhere, *descriptors):
        os.close(descriptor)
    # The server's own may be files, which these are not.
    sys.stdin = os.fdopen(0)
    sys.stdout = os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(request: Request) -> None:
    """Run the command as a shell would, in this process."""
    from evo.__main__ import main
    from support.mounts import mount

    if request.mounts:
        mount(request.mounts)
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.environment)
    added = [path for path in request.environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:0] = [path for path in added if path not in sys.path]
    sys.argv = ["evo", *request.words]
    main()


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    for name in _HEAVY:
        __import__(name)
    gc.freeze()
    _run(_serve(socket.socket(fileno=int(sys.argv[1]))))
