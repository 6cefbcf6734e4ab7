"""Run commands of evo on a system without fork, locks, limits and signals of POSIX: Windows, as far
as Python shows it. Usage: python other_system.py COMMAND…, each command one argument.

Processes that are spawned are such systems too. What is not evo's is imported before, and goes on
seeing Linux, as its own code for Windows is not tried here.
"""

import _thread
import asyncio
import errno
import fcntl
import importlib
import multiprocessing
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import urllib.request
from functools import partial
from multiprocessing import resource_tracker
from pathlib import Path

PAGE = "http://127.0.0.1:18437/c/run/overview"
IMPORTED = (
    *("multiprocessing.popen_spawn_posix", "multiprocessing.synchronize"),
    *(
        "torch",
        "pebble",
        "uvicorn.server",
        "uvicorn.protocols.http.h11_impl",
        "h5py",
        "matplotlib.pyplot",
        "scipy.stats",
        "httpx2",
        "typer.rich_utils",
    ),
    *("rich.live", "rich.prompt", "platformdirs", "openai", "jinja2", "deap.tools", "faiss"),
    *("uvicorn.server", "uvicorn.protocols.http.h11_impl"),
    *("torchvision", "sentence_transformers", "pyarrow", "click", "starlette.applications"),
    *("typer._completion_classes", "huggingface_hub", "pygments.lexers", "moocore", "tqdm"),
)
MODULES = ("fcntl", "resource", "termios", "pwd", "grp", "pty")
CALLS = {
    os: "fork forkpty sched_getaffinity getuid geteuid killpg sysconf setsid getpgid setpgid "
    "register_at_fork pread pwrite fdatasync fchmod O_DIRECTORY O_NOFOLLOW waitid",
    socket: "AF_UNIX",
    signal: "SIGKILL SIGALRM SIGHUP setitimer ITIMER_REAL pthread_sigmask pause",
}


class _Linux(types.ModuleType):
    """The module `sys` as those parts of the standard library see it that look at each call."""

    platform = "linux"

    def __getattr__(self, name: str) -> object:
        return getattr(sys, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(sys, name, value)


def _locking(descriptor: int, mode: int, size: int) -> None:
    """Stands for `msvcrt.locking`, whose locks are exclusive, and of bytes."""
    assert os.lseek(descriptor, 0, os.SEEK_CUR) > os.fstat(descriptor).st_size
    assert (mode, size) == (2, 1)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PermissionError(errno.EACCES, "Permission denied") from None


def _opened(path: object, flags: int, *rest: object, **more: object) -> int:
    if os.path.isdir(path):  # type: ignore[arg-type] # noqa: PTH112
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
    return _open(path, flags, *rest, **more)  # type: ignore[arg-type]


def _made_durable(descriptor: int) -> None:
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "Bad file descriptor")
    _fsync(descriptor)


_open, _fsync = os.open, os.fsync
_paired = partial(socket.socketpair, socket.AF_UNIX)
_PYTHON = """#!{python}
import sys
sys.path.insert(0, {folder!r})
import other_system
other_system.become_windows()
program = sys.argv[sys.argv.index("-c") + 1]
sys.argv = ["-c", *sys.argv[sys.argv.index("-c") + 2 :]]
exec(program)
"""
"""Program that spawned processes run in place of Python."""


def spawn_windows(folder: Path) -> None:
    """Have what this process spawns become Windows too."""
    resource_tracker.ensure_running()  # the standard library's own: it stays what it is
    python = folder / "python"
    support = str(Path(__file__).parent)
    python.write_text(_PYTHON.format(python=sys.executable, folder=support))
    python.chmod(0o700)
    multiprocessing.set_executable(str(python))


def become_windows() -> None:
    """Take away from this process what Windows has not."""
    for name in IMPORTED:
        importlib.import_module(name)
    for name, module in list(sys.modules.items()):
        if name.startswith("multiprocessing") and hasattr(module, "sys"):
            module.sys = _Linux("sys")  # type: ignore[attr-defined]
    for name in ("ForkServerContext", "ForkServerProcess", "ForkContext", "ForkProcess"):
        delattr(multiprocessing.context, name)
    sys.modules["multiprocessing.forkserver"] = None  # type: ignore[assignment]
    windows = types.ModuleType("msvcrt")
    windows.LK_NBLCK, windows.locking = 2, _locking  # type: ignore[attr-defined]
    sys.modules["msvcrt"] = windows
    os.O_BINARY = 0  # type: ignore[attr-defined]
    os.open, os.fsync = _opened, _made_durable  # type: ignore[assignment]
    socket.socketpair = _paired  # type: ignore[assignment]
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment] # importing it fails
    subprocess.signal = types.SimpleNamespace(**vars(signal))  # type: ignore[attr-defined]
    for module, names in CALLS.items():
        for name in names.split():
            delattr(module, name)
    asyncio.ProactorEventLoop = asyncio.SelectorEventLoop  # type: ignore[misc] # uvicorn asks for it
    sys.platform = "win32"


def visit_once_served() -> None:
    """Fetch a page of the view that another thread of this process serves, then interrupt it."""
    for _ in range(600):
        time.sleep(0.1)
        try:
            with urllib.request.urlopen(PAGE, timeout=60) as reply:
                page = reply.read().decode()
        except OSError:
            continue
        sys.stderr.write(f"== page: {reply.status} {'Overview' in page}\n")
        break
    _thread.interrupt_main()


if __name__ == "__main__":
    place = tempfile.TemporaryDirectory()
    spawn_windows(Path(place.name))
    become_windows()
    from evo.__main__ import main

    for command in sys.argv[1:]:
        sys.argv = ["evo", *shlex.split(command)]
        code = 0
        if sys.argv[1] == "view":
            threading.Thread(target=visit_once_served, daemon=True).start()
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.write(f"== {command.split()[0]}: {code}\n")
