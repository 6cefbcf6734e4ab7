"""The zygote: a warm process that forks a child per candidate and passes on the replies.

The engine starts it by exec, with nothing of its own environment: it never held the engine's
memory, so there is nothing in it to steal. It imports torch once; forking it takes milliseconds. It
reads and writes frames on standard input and output, ends with the engine, and never runs a
candidate itself, so that every candidate starts from the same state. Several children run at a
time; replies come in the order in which they finish.

    -> {"id": 1, "source": …, "function": …, "shapes": …, "wide_shapes": …,
        "limits": […], "walls": […]}
    <- {"id": 1, "graph": …}  or  {"id": 1, "reason": …}  or  {"id": 1, "limit": …}

The last says which limit of time a child reached; only the zygote can say it.

The first reply answers a self-test: whether a candidate can be locked in on this machine.
"""

import gc
import mmap
import os
import select
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evo.validation.sandbox import frames, huge_pages, walls
from evo.validation.sandbox.child import CHILD_BYTES, Child, ResourceLimits, TraceReply, TraceTask
from evo.validation.sandbox.lockdown import Confinement, die_with, prepare_confinement
from evo.validation.sandbox.walls import Wall

REQUEST_BYTES = 1 << 20
"""Largest request."""
REPLY_BYTES = 8 * CHILD_BYTES
"""Largest reply to the engine: the child's text, escaped once more."""
MAX_CHILDREN = 8
"""Children at a time: more than it takes to keep a machine busy, so that some may hang."""
PACK_AFTER = 32
"""Children after which the memory is packed: it takes half a second, and saves each some 7 ms."""

_SELF_TEST = {
    "id": 0,
    "source": "def f(x):\n    return x * 2",
    "function": "f",
    "shapes": [[[2]], [[3]]],
    "limits": ResourceLimits(cpu_s=30, silent_s=30, deadline_s=30.0, memory_bytes=512 << 20),
}


def run_zygote(engine: int) -> None:
    """Serve requests until the engine, given by its process id, closes its pipe or dies."""
    die_with(engine)
    server = _Server(_import_tracer())
    server.answer(_SELF_TEST | {"walls": sorted(walls.standing())})
    server.serve()


def _import_tracer() -> TraceTask:
    # More than one thread does not survive a fork, and oneDNN would compile code of its own.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    gc.disable()  # what is imported stays: to look for garbage in it takes a seventh of the time
    with huge_pages.dense_memory():
        import torch  # noqa: PLC0415 - not before the environment and the death signal are set

        from evo.validation.graph import tracer  # noqa: PLC0415
        from evo.validation.graph.tracking import track_for_good  # noqa: PLC0415

        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
        torch.backends.mkldnn.enabled = False
        torch.backends.nnpack.set_flags(False)
        track_for_good()
        tracer.warm_up()
    os.environ.clear()
    # The collector must not touch, and so copy, the memory that the children share.
    gc.collect()
    gc.freeze()
    gc.enable()
    huge_pages.share_constants()

    def trace(request: Mapping[str, Any], progress: Callable[[], None]) -> TraceReply:
        try:
            text = tracer.trace(
                request["source"],
                request["function"],
                request["shapes"],
                wide_shapes=request.get("wide_shapes", ()),
                ranges=request.get("ranges"),
                kept=request.get("kept"),
                taken=request.get("taken"),
                progress=progress,
            )
        except tracer.TraceError as error:
            return {"reason": str(error)}
        return {"graph": text}

    return trace


class _Server:
    """Event loop: read requests, run children, write replies; none blocks the others."""

    def __init__(self, trace: TraceTask) -> None:
        self._trace = trace
        self._confinements: dict[frozenset[Wall], Confinement] = {}
        self._held = _address_space()
        self._children = 0
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._running: dict[int, Child] = {}
        self._replies = bytearray()

    def answer(self, request: Mapping[str, Any]) -> None:
        """Queue a request."""
        self._waiting.append(request)

    def serve(self) -> None:
        """Run until the engine is gone."""
        os.set_blocking(1, False)
        while True:
            while self._waiting and len(self._running) < MAX_CHILDREN:
                if self._children == PACK_AFTER:
                    huge_pages.pack_memory()  # those that run keep the pages that they share
                self._children += 1
                request = self._waiting.popleft()
                child = Child(request, self._trace, self._confinement(request), held=self._held)
                self._running[child.pipe] = child
            ready = self._ready()
            for child in list(self._running.values()):
                if (reply := child.read(readable=child.pipe in ready)) is not None:
                    child.end()
                    del self._running[child.pipe]
                    self._replies += frames.encode({"id": child.id, **reply})
            try:
                if 0 in ready:
                    self.answer(frames.receive(0, limit_bytes=REQUEST_BYTES))
                if self._replies:
                    frames.send_some(1, self._replies)
            except frames.FrameError:
                return

    def _confinement(self, request: Mapping[str, Any]) -> Confinement:
        walls = frozenset(map(Wall, request["walls"]))
        if walls not in self._confinements:
            self._confinements[walls] = prepare_confinement(walls)
        return self._confinements[walls]

    def _ready(self) -> set[int]:
        """Wait until a descriptor is ready or a child reaches a limit; the ready descriptors."""
        poll = select.poll()
        poll.register(0, select.POLLIN)
        if self._replies:
            poll.register(1, select.POLLOUT)
        for pipe in self._running:
            poll.register(pipe, select.POLLIN)
        due_s = min((child.wait_s() for child in self._running.values()), default=None)
        # One millisecond more, or the loop would spin just before the limit.
        events = poll.poll(None if due_s is None else int(due_s * 1000) + 1)
        return {descriptor for descriptor, _ in events}


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not say and ignores the limit."""
    path = Path("/proc/self/statm")
    return int(path.read_text().split()[0]) * mmap.PAGESIZE if path.exists() else 0
