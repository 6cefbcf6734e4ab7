"""Traces candidates where they can reach nothing: the engine's side.

    with Sandbox() as sandbox:
        sandbox.trace([TraceRequest(source, "activation", (((5, 7),), ((3, 2, 4, 4),)))])

A zygote process (see `zygote`) forks a child for each request, several side by side. Whatever comes
back is text that hostile code may have written: this side checks its frame, its length and its
time, and makes a string of it. It never executes, imports or unpickles anything.
"""

import contextlib
from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Self

from evo.validation.graph.sizes import Shapes
from evo.validation.refusal import Refused
from evo.validation.sandbox import frames, walls, zygote
from evo.validation.sandbox.child import ResourceLimits
from evo.validation.sandbox.connection import Connection, SandboxError
from evo.validation.sandbox.walls import Wall

__all__ = ["Sandbox", "SandboxError", "TraceRequest", "Traced"]

Traced = str | Refused
"""The text of a graph, or why there is none."""

_ON_THE_WAY = 2 * zygote.SIDE_BY_SIDE
"""Requests sent ahead of their replies, so that the zygote never waits for this side."""
_GRACE_S = 5.0
"""What the zygote may take beyond a child's deadline before it counts as lost."""


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
    """Traces sources in locked children; use it as a context manager.

    Enter it in a thread that lives as long as the sandbox: the kernel ends the zygote with the
    thread that started it. A zygote that is lost is replaced, and the requests go on.

    Args:
        cpu_s: processor time that one candidate may take; it decides, so that a busy machine
            refuses nothing that an idle one accepts.
        silent_s: processor time that one candidate may take between signs of progress; the
            costliest honest ones were measured at a tenth of it.
        deadline_s: wall time that one candidate may take, where a machine gives it none.
        memory_bytes: memory that one candidate may take beyond what it starts with.
        standing: walls to raise; by default those that this kernel has.
        unsafe: work where walls are absent; a candidate might then read the user's files or
            signal the user's processes.

    Attributes:
        walls: raised around each candidate; may be changed between two calls.
    """

    def __init__(
        self,
        *,
        cpu_s: float = 2.0,
        silent_s: float = 0.1,
        deadline_s: float = 10.0,
        memory_bytes: int = 64 << 20,
        standing: AbstractSet[Wall] | None = None,
        unsafe: bool = False,
    ) -> None:
        self.limits = ResourceLimits(cpu_s, silent_s, deadline_s, memory_bytes)
        self.walls = walls.standing() if standing is None else frozenset(standing)
        self.unsafe = unsafe
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
        """A graph or a refusal for each request, in order.

        Raises:
            UsageError: walls are absent, and the sandbox is not an unsafe one.
            SandboxError: no zygote can be started.
        """
        if not self.unsafe:
            walls.require(self.walls)
        traced: dict[int, Traced] = {}
        rest = dict(enumerate(requests))
        for number, request in enumerate(requests):
            if len(request.source) > zygote.REQUEST_BYTES // 8:
                size = f"{len(request.source):,} characters"
                traced[number] = Refused("trace", f"its source has {size}; shorten it")
                del rest[number]
        self._ask(rest, traced)
        # A request that costs the zygote must not cost the others: each goes on alone.
        for number in rest.keys() - traced.keys():
            self._ask({number: rest[number]}, traced)
            traced.setdefault(number, Refused("trace", "the sandbox was lost while tracing it"))
        return [traced[number] for number in range(len(requests))]

    def _start(self) -> None:
        self._zygote = self._open.enter_context(Connection())

    def _ask(self, requests: Mapping[int, TraceRequest], traced: dict[int, Traced]) -> None:
        """Fills in what the zygote answers; all of it, unless it is lost and replaced."""
        if not requests:
            return  # another thread may be in the middle of its own
        self._zygote.expect_ready()
        try:
            self._exchange(requests, traced)
        except frames.FrameError:
            self._open.close()
            self._start()

    def _exchange(self, requests: Mapping[int, TraceRequest], traced: dict[int, Traced]) -> None:
        within_s = self.limits.deadline_s + _GRACE_S
        common = {"limits": self.limits, "walls": sorted(self.walls)}
        waiting = deque(requests.items())
        asked: dict[int, int] = {}
        while waiting or asked:
            while waiting and len(asked) < _ON_THE_WAY:
                number, request = waiting.popleft()
                self._sent += 1
                asked[self._sent] = number
                message = {"id": self._sent, **common, **request._asdict()}
                self._zygote.send(message, within_s=within_s)
            reply = self._zygote.receive(within_s=within_s)
            match reply:
                case {"id": int(id_), "graph": str(text)} if id_ in asked and len(reply) == 2:
                    traced[asked.pop(id_)] = text
                case {"id": int(id_), "reason": str(text)} if id_ in asked and len(reply) == 2:
                    traced[asked.pop(id_)] = Refused("trace", text)
                case _:
                    raise frames.FrameError("the zygote did not answer what it was asked")
