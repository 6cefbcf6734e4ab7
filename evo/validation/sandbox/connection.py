"""A running zygote and the two pipes to it."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Self

from evo.core.errors import EvoError
from evo.validation.refusal import printable
from evo.validation.sandbox import elsewhere, frames, huge_pages, zygote
from evo.validation.sandbox.walls import Wall

_START_S = 120.0
_ROOT = Path(__file__).parents[3]
BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from evo.validation.sandbox.zygote import run_zygote; run_zygote(int(sys.argv[2]))"
)
"""Program of a zygote; its arguments are the folder of the packages and the engine's process id."""


def zygote_command(boot: str = BOOT) -> list[str]:
    """Command line of a zygote, without the process id of its engine."""
    return [sys.executable, "-I", "-c", boot, str(_ROOT)]


class SandboxError(EvoError):
    """The sandbox does not start on this machine."""


class Connection:
    """A zygote between `start` and `close`; also a context manager.

    After the start, the zygote may still be importing: see `expect_ready`.

    Args:
        boot: program of the zygote.

    Attributes:
        reached_by: the command that reaches one elsewhere; empty for one of this machine.
        walls_there: walls of one elsewhere, once it is ready.
    """

    def __init__(self, boot: str = BOOT) -> None:
        self.reached_by = elsewhere.command() if boot == BOOT else ()
        self.walls_there: AbstractSet[Wall] = frozenset()
        self._program = zygote_command(boot)
        self._is_ready = False
        self._unanswered = 1  # the self-test

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the zygote. The kernel kills it with the thread that calls this."""
        self._starter = threading.current_thread()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the zygote
        try:
            self.process = subprocess.Popen(
                self.reached_by or [*self._program, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=(elsewhere.client_environment() if self.reached_by else huge_pages.ENVIRONMENT),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(f"The sandbox process does not start: {error}.") from error
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._requests, self._replies = self.process.stdin, self.process.stdout

    def close(self) -> None:
        """Kill the zygote."""
        self.process.kill()
        self.process.wait()
        for pipe in (self._requests, self._replies, self._errors):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    @property
    def is_reusable(self) -> bool:
        """True if the zygote lives, lasts as long as this process and owes no reply."""
        lasts = self._starter is threading.main_thread()
        owes = self._unanswered > 0 or not self._is_ready
        return lasts and not owes and self.process.poll() is None

    def expect_ready(self) -> None:
        """Wait until the zygote has locked in a child and traced a component in it.

        Raises:
            SandboxError: the zygote does not start, or fails this self-test.
        """
        if self._is_ready:
            return
        try:
            if self.reached_by:
                self._unanswered += 1
                hello = self.receive(within_s=_START_S)
                self.walls_there = elsewhere.walls_there(hello, self.reached_by)
            first = self.receive(within_s=_START_S)
        except frames.FrameError as error:
            self._errors.seek(0)
            output = self._errors.read().decode(errors="replace").strip().splitlines()
            raise SandboxError(
                f"The sandbox process does not start: {error}. It said: {output[-1:]}"
            ) from error
        if "graph" not in first:
            raise SandboxError(
                f"The sandbox fails its own test: {printable(str(first.get('reason')))}"
            )
        self._is_ready = True

    def send(self, message: Mapping[str, object], *, within_s: float) -> None:
        """Send one message.

        Raises:
            FrameError: the zygote is gone, or takes longer.
        """
        self._unanswered += 1
        deadline = time.monotonic() + within_s
        with self._ended_after(within_s):
            frames.send(self._requests.fileno(), message, deadline=deadline)

    def receive(self, *, within_s: float) -> dict[str, object]:
        """Receive the reply to one of the messages.

        Raises:
            FrameError: the zygote is gone, takes longer, or sends no valid frame.
        """
        deadline = time.monotonic() + within_s
        limit_bytes = zygote.REPLY_BYTES
        with self._ended_after(within_s):
            reply = frames.receive(
                self._replies.fileno(), limit_bytes=limit_bytes, deadline=deadline
            )
        self._unanswered -= 1
        return reply

    @contextlib.contextmanager
    def _ended_after(self, within_s: float) -> Generator[None]:
        """Keep a limit of time where pipes have none (Windows): end what does not answer."""
        if frames.HAS_DEADLINES:
            yield
            return
        timer = threading.Timer(within_s, self.process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
