"""Trace candidates in locked child processes: the engine's side.

    with Sandbox() as sandbox:
        sandbox.trace([TraceRequest(source, "activation", (((5, 7),), ((3, 2, 4, 4),)))])

A zygote process (see `zygote`) forks a child per request, several at a time. Replies are text that
hostile code may have written: this side checks frame, length and time, and reads a string. It never
executes, imports or unpickles anything.
"""

import contextlib
from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Self

from evo.core.stages import Stage
from evo.validation.graph.sizes import Shapes
from evo.validation.refusal import Refused
from evo.validation.sandbox import elsewhere, frames, spare, walls, zygote
from evo.validation.sandbox.child import ResourceLimits
from evo.validation.sandbox.connection import BOOT, SandboxError
from evo.validation.sandbox.walls import Wall

__all__ = ["Sandbox", "SandboxError", "TraceRequest", "Traced"]

Traced = str | Refused
"""Text of a graph, or the refusal."""

_PATIENCE = 3
"""Factor on the limits of time, except for the processor time of all, in the second try."""
_MAX_IN_FLIGHT = 2 * zygote.MAX_CHILDREN
"""Requests sent ahead of their replies, so that the zygote never waits for this side."""


class TraceRequest(NamedTuple):
    """A source to trace.

    Attributes:
        source: Python source.
        function: name of its entry function.
        shapes: one or more sets of argument shapes; the traces at all of them must agree.
        wide_shapes: further ones, for sources that look at a size.
        ranges: for each argument the numbers that it is traced with; see `Kind`.
        kept: indices of the arguments that a source must not write into; None for all.
        taken: indices of the arguments that the function takes, in its order; None for all.
    """

    source: str
    function: str
    shapes: tuple[Shapes, ...]
    wide_shapes: tuple[Shapes, ...] = ()
    ranges: tuple[tuple[float, float], ...] | None = None
    kept: tuple[int, ...] | None = None
    taken: tuple[int, ...] | None = None


class Sandbox:
    """Trace sources in locked child processes; use it as a context manager.

    Enter it in a thread that lives as long as the sandbox: the kernel kills the zygote with the
    thread that started it. A lost zygote is replaced, and the remaining requests continue. A zygote
    of the main thread stays for the next sandbox of the process (see `spare`).

    Args:
        cpu_s: limit of processor time per candidate. It is the deciding limit, so that a busy
            machine refuses nothing that an idle one accepts.
        silent_s: limit of processor time per candidate between signs of progress; the costliest
            honest ones were measured at a fifth of it, on a busy machine.
        deadline_s: limit of wall time per candidate, for machines that give it no processor.
            A candidate that reaches a limit of time is tried again after the rest of its batch,
            with three times as much for the last two: processor time grows, too, on a machine
            whose caches and memory are busy.
        memory_bytes: limit of memory per candidate beyond what the child starts with.
        grace_s: wall time beyond a candidate's deadline after which the zygote counts as lost.
        boot: program of the zygote.
        standing: walls to raise; by default all that this kernel has.
        unsafe: work although walls are absent; a candidate might then read the user's files or
            signal the user's processes.

    Attributes:
        walls: walls around each candidate; may be changed between calls.
    """

    def __init__(
        self,
        *,
        cpu_s: float = 2.0,
        silent_s: float = 0.05,
        deadline_s: float = 10.0,
        memory_bytes: int = 64 << 20,
        grace_s: float = 5.0,
        boot: str = BOOT,
        standing: AbstractSet[Wall] | None = None,
        unsafe: bool = False,
    ) -> None:
        self.limits = ResourceLimits(cpu_s, silent_s, deadline_s, memory_bytes)
        self.walls = walls.standing() if standing is None else frozenset(standing)
        self.unsafe = unsafe
        self._grace_s = grace_s
        self._boot = boot
        self._open = contextlib.ExitStack()
        self._sent = 0

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def process_id(self) -> int:
        """The zygote's process id."""
        return self._zygote.process.pid

    def trace(self, requests: Sequence[TraceRequest]) -> list[Traced]:
        """Trace each request: one graph or refusal per request, in order.

        Raises:
            UsageError: walls are absent, and `unsafe` is not set.
            SandboxError: no zygote can be started.
        """
        self._expect_walls()
        traced: dict[int, Traced] = {}
        pending = dict(enumerate(requests))
        for number, request in enumerate(requests):
            if len(request.source) > zygote.REQUEST_BYTES // 8:
                size = f"{len(request.source):,} characters"
                traced[number] = Refused(Stage.TRACE, f"its source has {size}; shorten it")
                del pending[number]
        limited = self._ask_all(pending, traced, self.limits)
        patient = self.limits._replace(
            silent_s=_PATIENCE * self.limits.silent_s,
            deadline_s=_PATIENCE * self.limits.deadline_s,
        )
        again = {number: pending[number] for number in sorted(limited)}
        limited = self._ask_all(again, traced, patient)
        traced |= {number: Refused(Stage.TRACE, limit) for number, limit in limited.items()}
        return [traced[number] for number in range(len(requests))]

    def _expect_walls(self) -> None:
        """Require the walls, those of the other machine where candidates are traced elsewhere.

        Raises:
            UsageError: one is absent, and `unsafe` is not set.
        """
        if reached_by := self._zygote.reached_by:
            self._zygote.expect_ready()
            self.walls = self._zygote.walls_there
            if not self.unsafe:
                elsewhere.require_walls_there(self.walls, reached_by)
        elif not self.unsafe:
            walls.require_walls(self.walls)

    def _start(self) -> None:
        self._zygote = self._open.enter_context(spare.connection(self._boot))

    def _ask_all(
        self,
        requests: Mapping[int, TraceRequest],
        traced: dict[int, Traced],
        limits: ResourceLimits,
    ) -> dict[int, str]:
        """Add all traces to `traced`, but for requests that reach a limit: these with the limit."""
        limited = self._ask(requests, traced, limits)
        # One request may have ended the zygote: the unanswered ones are tried one at a time.
        for number in requests.keys() - traced.keys() - limited.keys():
            limited |= self._ask({number: requests[number]}, traced, limits)
            if number not in limited:
                lost = Refused(Stage.TRACE, "the sandbox was lost while tracing it")
                traced.setdefault(number, lost)
        return limited

    def _ask(
        self,
        requests: Mapping[int, TraceRequest],
        traced: dict[int, Traced],
        limits: ResourceLimits,
    ) -> dict[int, str]:
        """Add the zygote's replies to `traced`; a lost zygote is replaced and leaves some out.

        Returns:
            The limits that requests reached.
        """
        limited: dict[int, str] = {}
        if not requests:
            return limited  # another thread may be using the connection
        self._zygote.expect_ready()
        try:
            self._exchange(requests, traced, limited, limits)
        except frames.FrameError:
            self._open.close()
            self._start()
        return limited

    def _exchange(
        self,
        requests: Mapping[int, TraceRequest],
        traced: dict[int, Traced],
        limited: dict[int, str],
        limits: ResourceLimits,
    ) -> None:
        within_s = limits.deadline_s + self._grace_s
        common = {"limits": limits, "walls": sorted(self.walls)}
        waiting = deque(requests.items())
        in_flight: dict[int, int] = {}
        while waiting or in_flight:
            while waiting and len(in_flight) < _MAX_IN_FLIGHT:
                number, request = waiting.popleft()
                self._sent += 1
                in_flight[self._sent] = number
                message = {"id": self._sent, **common, **request._asdict()}
                self._zygote.send(message, within_s=within_s)
            reply = self._zygote.receive(within_s=within_s)
            match reply:
                case {"id": int(id_), "graph": str(text)} if id_ in in_flight and len(reply) == 2:
                    traced[in_flight.pop(id_)] = text
                case {"id": int(id_), "reason": str(text)} if id_ in in_flight and len(reply) == 2:
                    traced[in_flight.pop(id_)] = Refused(Stage.TRACE, text)
                case {"id": int(id_), "limit": str(text)} if id_ in in_flight and len(reply) == 2:
                    limited[in_flight.pop(id_)] = text
                case _:
                    raise frames.FrameError("the zygote's reply belongs to no request")
