"""A forked process that traces one candidate, as the zygote sees it from outside.

What the child says is data of unknown intent: a frame with a limit, read as it comes. How much
processor time it takes is the kernel's word. Nothing here waits for it, so that one child that
hangs holds up no other.
"""

import math
import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from evo.validation.sandbox import frames, libc
from evo.validation.sandbox.lockdown import REPLY, Confinement, lockdown

CHILD_BYTES = 1 << 19
"""Largest reply of a child."""
_MAX_SIGNS = 1000
"""Signs of progress that are believed; an honest child gives a fifth of it."""

TraceReply = dict[str, str]
"""`{"graph": …}` or `{"reason": …}`."""

Trace = Callable[[Mapping[str, Any], Callable[[], None]], TraceReply]
"""What a child does with its request; the second argument is called now and then on the way."""


class ResourceLimits(NamedTuple):
    """What one candidate may take.

    Attributes:
        cpu_s: processor time.
        silent_s: processor time without a sign of progress.
        deadline_s: wall time.
        memory_bytes: memory beyond what the zygote holds.
    """

    cpu_s: float
    silent_s: float
    deadline_s: float
    memory_bytes: int


class Child:
    """A running child. Read it when its pipe has something, or when `wait_s` has passed."""

    def __init__(
        self, request: Mapping[str, Any], trace: Trace, confinement: Confinement, *, held: int
    ) -> None:
        """Forks; the child never returns from here.

        Args:
            request: with `id` and `limits`.
            trace: what the child does once it is locked in.
            confinement: what it is locked in with.
            held: bytes of address space that it starts with.
        """
        self.id = request["id"]
        self._limits = limits = ResourceLimits(*request["limits"])
        parent = os.getpid()
        self.pipe, writing = os.pipe()
        self.process = libc.fork()
        if self.process == 0:
            try:
                lockdown(
                    confinement,
                    reply=writing,
                    parent=parent,
                    memory_bytes=held + limits.memory_bytes,
                    # The zygote is more exact; this holds if it should be held up itself.
                    cpu_s=math.ceil(limits.cpu_s) + 1,
                )
                frames.send(REPLY, trace(request, lambda: frames.send(REPLY, {})))
            except OSError as error:
                frames.send(REPLY, {"reason": f"it cannot be locked in: {error}"})
            finally:
                os._exit(0)
        os.close(writing)
        self._frames = frames.FrameReader(self.pipe, limit_bytes=CHILD_BYTES)
        self._signs = 0
        self._deadline = time.monotonic() + limits.deadline_s
        self._allowed_s = min(limits.silent_s, limits.cpu_s)

    def wait_s(self) -> float:
        """How long it can go on before it may have used up what it is allowed."""
        return max(0.0, min(self._deadline - time.monotonic(), self._allowed_s - self._used_s()))

    def read(self, *, readable: bool) -> TraceReply | None:
        """Its reply, or why there will be none; None while it works."""
        try:
            for message in self._frames.read() if readable else ():
                if message:
                    return _checked(message)
                self._signs += 1
                if self._signs > _MAX_SIGNS:
                    raise frames.FrameError(f"expected at most {_MAX_SIGNS} signs of progress")
                self._allowed_s = min(self._limits.cpu_s, self._used_s() + self._limits.silent_s)
        except frames.FrameError as error:
            return {"reason": f"its process gave no trace: {self._ending() or error}"}
        return self._overdue()

    def end(self) -> None:
        """Ends it and leaves nothing of it."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.pipe)

    def _overdue(self) -> TraceReply | None:
        used_s, limits = self._used_s(), self._limits
        if used_s >= limits.cpu_s:
            return {"reason": f"it computed longer than {limits.cpu_s:g} s; make it simpler"}
        if used_s >= self._allowed_s:
            return {
                "reason": f"it computed longer than {limits.silent_s:g} s between two tensor "
                "operators; make its loops shorter"
            }
        if time.monotonic() >= self._deadline:
            return {"reason": f"it took longer than {limits.deadline_s:g} s; make it simpler"}
        return None

    def _used_s(self) -> float:
        """Processor time that it has taken."""
        return libc.processor_time_s(self.process)

    def _ending(self) -> str:
        """By which signal it ended, empty if by none; one that lingers gets a moment."""
        for _ in range(20):
            ended = os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                killed = ended.si_code in (os.CLD_KILLED, os.CLD_DUMPED)
                return f"ended by {signal.Signals(ended.si_status).name}" if killed else ""
            time.sleep(0.001)
        return ""


def _checked(reply: Mapping[str, object]) -> TraceReply:
    """The reply in the one form that it may have."""
    (key,) = reply.keys() if len(reply) == 1 else ("",)
    text = reply.get(key)
    if key not in ("graph", "reason") or not isinstance(text, str):
        raise frames.FrameError("expected a graph or a reason")
    return {key: text}
