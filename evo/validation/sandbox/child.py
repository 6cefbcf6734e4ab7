"""A forked process that traces one candidate, as the zygote sees it from outside.

Replies of the child are untrusted data: frames with a size limit, read as they come. Its processor
time is read from the kernel. Nothing here waits for a child, so that one that hangs delays no
other.
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
_MAX_PROGRESS_SIGNS = 1000
"""Accepted signs of progress; an honest child gives at most a fifth of it."""
_SIMPLER = "make it simpler: operators on whole tensors in place of loops over rows or features"

TraceReply = dict[str, str]
"""`{"graph": …}` or `{"reason": …}`; from the zygote alone `{"limit": …}`, the limit reached."""

TraceTask = Callable[[Mapping[str, Any], Callable[[], None]], TraceReply]
"""Task of a child: takes its request and a function that signals progress."""


class ResourceLimits(NamedTuple):
    """Resource limits per candidate.

    Attributes:
        cpu_s: processor time in seconds.
        silent_s: processor time in seconds without a sign of progress.
        deadline_s: wall time in seconds.
        memory_bytes: memory beyond that of the zygote.
    """

    cpu_s: float
    silent_s: float
    deadline_s: float
    memory_bytes: int


class Child:
    """A running child. Call `read` when its pipe is readable or `wait_s` has passed."""

    def __init__(
        self, request: Mapping[str, Any], trace: TraceTask, confinement: Confinement, *, held: int
    ) -> None:
        """Fork; the child never returns from here.

        Args:
            request: with `id` and `limits`.
            trace: task of the child once it is locked in.
            confinement: descriptors and filter that the child is locked in with.
            held: bytes of address space that the child starts with.
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
                    # The zygote is more exact; this limit holds if the zygote itself is delayed.
                    cpu_s=math.ceil(limits.cpu_s) + 1,
                )
                frames.send(REPLY, trace(request, lambda: frames.send(REPLY, {})))
            except OSError as error:
                frames.send(REPLY, {"reason": f"it cannot be locked in: {error}"})
            finally:
                os._exit(0)
        os.close(writing)
        self._frames = frames.FrameReader(self.pipe, limit_bytes=CHILD_BYTES)
        self._progress_signs = 0
        self._deadline = time.monotonic() + limits.deadline_s
        self._allowed_s = min(limits.silent_s, limits.cpu_s)

    def wait_s(self) -> float:
        """Seconds after which the child may have reached a limit."""
        return max(0.0, min(self._deadline - time.monotonic(), self._allowed_s - self._used_s()))

    def read(self, *, readable: bool) -> TraceReply | None:
        """The reply, or the reason why there will be none; None while the child works."""
        try:
            for message in self._frames.read() if readable else ():
                if message:
                    return _checked(message)
                self._progress_signs += 1
                if self._progress_signs > _MAX_PROGRESS_SIGNS:
                    raise frames.FrameError(
                        f"expected at most {_MAX_PROGRESS_SIGNS} signs of progress; {_SIMPLER}"
                    )
                self._allowed_s = min(self._limits.cpu_s, self._used_s() + self._limits.silent_s)
        except frames.FrameError as error:
            return {"reason": f"its process gave no trace: {self._ending() or error}"}
        return self._overdue()

    def end(self) -> None:
        """Kill the child, reap it and close its pipe."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.pipe)

    def _overdue(self) -> TraceReply | None:
        used_s, limits = self._used_s(), self._limits
        if used_s >= limits.cpu_s:
            return {"limit": f"it computed longer than {limits.cpu_s:g} s; {_SIMPLER}"}
        if used_s >= self._allowed_s:
            return {
                "limit": f"it computed longer than {limits.silent_s:g} s between two tensor "
                "operators; make its loops shorter"
            }
        if time.monotonic() >= self._deadline:
            return {"limit": f"it took longer than {limits.deadline_s:g} s; {_SIMPLER}"}
        return None

    def _used_s(self) -> float:
        """Processor time of the child so far."""
        return libc.processor_time_s(self.process)

    def _ending(self) -> str:
        """Name the signal that ended the child, empty if none.

        One that lives is killed. What a child dies of is decided before its pipe is closed, so this
        does not depend on how long the kernel takes to end it.
        """
        os.kill(self.process, signal.SIGKILL)
        ended = os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOWAIT)
        if ended is None or ended.si_code not in (os.CLD_KILLED, os.CLD_DUMPED):
            return ""
        killer = signal.Signals(ended.si_status)
        return "" if killer is signal.SIGKILL else f"ended by {killer.name}"


def _checked(reply: Mapping[str, object]) -> TraceReply:
    """Check that a reply is one graph or one reason."""
    (key,) = reply.keys() if len(reply) == 1 else ("",)
    text = reply.get(key)
    if key not in ("graph", "reason") or not isinstance(text, str):
        raise frames.FrameError("expected a graph or a reason")
    return {key: text}
