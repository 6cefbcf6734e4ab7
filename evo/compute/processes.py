"""Start worker processes on this machine.

They are forked off one server process that has imported torch and evo, and done nothing else: a
worker starts in milliseconds, and none inherits CUDA or a thread of the engine. Windows has no
forks: there each worker is a process that imports by itself.
"""

import os
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec

if sys.platform != "win32":
    from multiprocessing import forkserver
    from multiprocessing.context import ForkServerContext as _Start
    from multiprocessing.context import ForkServerProcess as _Process
else:
    from multiprocessing.context import SpawnContext as _Start
    from multiprocessing.context import SpawnProcess as _Process


class _Worker(_Process):
    """A process that does not run the user's program again.

    The standard library has every process that it starts import the program that starts it, which
    would call evo once more where the program has no `if __name__ == "__main__"`.
    """

    def start(self) -> None:
        """Start the process."""
        with _program_withheld():
            super().start()


class Context(_Start):
    """The context of multiprocessing that workers start in."""

    Process = _Worker  # type: ignore[assignment] # what a pool starts


@contextmanager
def ready_to_start(modules: Sequence[str]) -> Generator[None]:
    """Have workers start quickly, and keep Ctrl-C from all that starts while the context lasts.

    The pool's threads, and the processes that they start, inherit the blocked signal: Ctrl-C is for
    the engine alone, which then stops them in order. On Windows a pool's workers ignore it instead.

    Args:
        modules: what every worker imports.
    """
    if sys.platform == "win32":
        yield
        return
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        _start_server(modules)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)


_starting = threading.Lock()


@contextmanager
def _program_withheld() -> Generator[None]:
    """Start processes without importing the user's program, while the context lasts."""
    program = sys.modules["__main__"]
    with _starting:
        spec = program.__spec__
        # A spec of this name is how the standard library marks a program that is not imported.
        program.__spec__ = ModuleSpec("__main__", None)
        try:
            yield
        finally:
            program.__spec__ = spec


def _start_server(modules: Sequence[str]) -> None:
    """Start the process that workers are forked off, unless it runs already.

    It looks for modules where packages are installed and not in the current folder, whose files
    may have the names of ours.
    """
    Context().set_forkserver_preload([*modules])
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    # Its program unblocks the signal before it ignores it, and imports for seconds in between.
    hears = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if hears else None
    try:
        forkserver.ensure_running()
    finally:
        if hears:
            signal.signal(signal.SIGINT, handler)
        del os.environ["PYTHONSAFEPATH"]
        if before is not None:
            os.environ["PYTHONSAFEPATH"] = before
