"""A running zygote and the two pipes to it."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from evo.core.errors import EvoError
from evo.validation.refusal import printable
from evo.validation.sandbox import frames, zygote

_START_S = 120.0
_ROOT = Path(__file__).parents[3]
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from evo.validation.sandbox.zygote import run_zygote; run_zygote(int(sys.argv[2]))"
)


class SandboxError(EvoError):
    """The sandbox does not start on this machine."""


class Connection:
    """Starts a zygote, and ends it; it may still be importing. Use it as a context manager."""

    def __init__(self) -> None:
        self._is_ready = False

    def __enter__(self) -> Self:
        self._errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", _BOOT, str(_ROOT), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={},
            cwd="/",
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._requests, self._replies = self.process.stdin, self.process.stdout
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self._requests, self._replies, self._errors):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def expect_ready(self) -> None:
        """Waits until it has locked in and traced a component of its own.

        Raises:
            SandboxError: it does not come up.
        """
        if self._is_ready:
            return
        try:
            first = self.receive(within_s=_START_S)
        except frames.FrameError as error:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip().splitlines()
            raise SandboxError(
                f"The sandbox process does not start: {error}. It said: {said[-1:]}"
            ) from error
        if "graph" not in first:
            raise SandboxError(
                f"The sandbox fails its own test: {printable(str(first.get('reason')))}"
            )
        self._is_ready = True

    def send(self, message: Mapping[str, object], *, within_s: float) -> None:
        """Sends one message.

        Raises:
            FrameError: it is gone, or takes longer.
        """
        deadline = time.monotonic() + within_s
        frames.send(self._requests.fileno(), message, deadline=deadline)

    def receive(self, *, within_s: float) -> dict[str, object]:
        """The next message from it.

        Raises:
            FrameError: it is gone, takes longer, or what comes is no message.
        """
        deadline = time.monotonic() + within_s
        limit_bytes = zygote.REPLY_BYTES
        return frames.receive(self._replies.fileno(), limit_bytes=limit_bytes, deadline=deadline)
