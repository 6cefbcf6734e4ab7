"""Traces candidates where they can reach nothing: the engine's side.

    with Sandbox() as sandbox:
        sandbox.trace([TraceRequest(source, "activation", (((5, 7),), ((3, 2, 4, 4),)))])

A zygote process (see `zygote`) forks a child for each request. Whatever comes back is text that
hostile code may have written: this side checks its frame, its length and its time, and makes a
string of it. It never executes, imports or unpickles anything.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from evo.errors import EvoError
from evo.validation import frames, zygote
from evo.validation.refusal import Refused

Shapes = tuple[tuple[int, ...], ...]
"""One shape for each argument."""

Traced = str | Refused
"""The text of a graph, or why there is none."""

_START_S = 120.0
_GRACE_S = 5.0
"""What the zygote may take beyond its child's deadline before it counts as lost."""
_ATTEMPTS = 2
_ROOT = Path(__file__).parents[2]
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from evo.validation.zygote import main; main(int(sys.argv[2]))"
)


class TraceRequest(NamedTuple):
    """A source to trace.

    Attributes:
        function: name of its entry function.
        shapes: one or more sets of argument shapes; the graphs must agree.
    """

    source: str
    function: str
    shapes: tuple[Shapes, ...]


class Sandbox:
    """Traces sources in locked children, one at a time; use it as a context manager.

    Enter it in a thread that lives as long as the sandbox: the kernel ends the zygote with the
    thread that started it. A zygote that is lost is replaced, and the requests go on.

    Args:
        cpu_s: processor time that one candidate may take; it decides, so that a busy machine
            refuses nothing that an idle one accepts.
        deadline_s: wall time that one candidate may take, for one that only waits.
        memory_bytes: memory that one candidate may take beyond what it starts with.
        require_confinement: refuse to work where the kernel cannot filter system calls; without
            the filter a candidate can read the user's files and signal the user's processes.
    """

    def __init__(
        self,
        *,
        cpu_s: int = 5,
        deadline_s: float = 30.0,
        memory_bytes: int = 512 << 20,
        require_confinement: bool = True,
    ) -> None:
        self.cpu_s = cpu_s
        self.deadline_s = deadline_s
        self.memory_bytes = memory_bytes
        self.require_confinement = require_confinement
        self._open = contextlib.ExitStack()
        self._sent = 0

    def __enter__(self) -> Self:
        self._zygote = self._open.enter_context(_Zygote())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def process_id(self) -> int:
        """The zygote's process id."""
        return self._zygote.process.pid

    def trace(self, requests: Sequence[TraceRequest]) -> list[Traced]:
        """A graph or a refusal for each request, in order.

        Raises:
            SandboxError: no zygote can be started.
        """
        return [self._trace(request) for request in requests]

    def _trace(self, request: TraceRequest) -> Traced:
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(frames.FrameError):
                return self._ask(request)
            self._open.close()
            self._zygote = self._open.enter_context(_Zygote())
        return Refused("trace", "the sandbox was lost while tracing it, and so was the next one")

    def _ask(self, request: TraceRequest) -> Traced:
        self._sent += 1
        message = {
            "id": self._sent,
            "cpu_s": self.cpu_s,
            "deadline_s": self.deadline_s,
            "memory_bytes": self.memory_bytes,
            **request._asdict(),
        }
        if len(request.source) > zygote.REQUEST_BYTES // 8:
            return Refused(
                "trace", f"its source has {len(request.source):,} characters; shorten it"
            )
        if not self._zygote.is_confined() and self.require_confinement:
            raise SandboxError(
                "This machine cannot filter the system calls of candidates (expected Linux on "
                "x86-64 with seccomp); generated code could read your files. To run all the same, "
                "open the sandbox with require_confinement=False."
            )
        reply = self._zygote.exchange(message, within_s=self.deadline_s + _GRACE_S)
        match reply:
            case {"id": self._sent, "graph": str(text)} if len(reply) == 2:
                return text
            case {"id": self._sent, "reason": str(text)} if len(reply) == 2:
                return Refused("trace", _printable(text))
            case _:
                raise frames.FrameError("the zygote did not answer what it was asked")


class SandboxError(EvoError):
    """The sandbox does not start on this machine."""


class _Zygote:
    """A running zygote and the two pipes to it; it may still be importing."""

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
        self._confined: bool | None = None
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self._requests, self._replies, self._errors):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def is_confined(self) -> bool:
        """Whether its children are held by a system-call filter; waits until it is ready.

        Raises:
            SandboxError: it does not come up.
        """
        if self._confined is None:
            try:
                first = self._receive(within_s=_START_S)
            except frames.FrameError as error:
                self._errors.seek(0)
                said = self._errors.read().decode(errors="replace").strip().splitlines()
                raise SandboxError(
                    f"The sandbox process does not start: {error}. It said: {said[-1:]}"
                ) from error
            if "graph" not in first:
                raise SandboxError(f"The sandbox fails its own test: {first.get('reason')}")
            self._confined = first.get("confined") is True
        return self._confined

    def exchange(self, message: Mapping[str, object], *, within_s: float) -> dict[str, object]:
        """The answer to one message."""
        deadline = time.monotonic() + within_s
        frames.send(self._requests.fileno(), message, deadline=deadline)
        return self._receive(within_s=within_s)

    def _receive(self, *, within_s: float) -> dict[str, object]:
        deadline = time.monotonic() + within_s
        limit_bytes = zygote.REPLY_BYTES
        return frames.receive(self._replies.fileno(), limit_bytes=limit_bytes, deadline=deadline)


def _printable(text: str) -> str:
    """A reason that is safe to print and to store, at most 500 characters."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:500])
