"""A warm process that forks one child per candidate and passes on what the child says.

The engine starts it by exec with an empty environment: it never held the engine's memory, so there
is nothing in it to steal. It imports torch once; a fork of it takes milliseconds. It speaks frames
on its standard input and output, ends with the engine, and never runs a candidate itself.

    -> {"id": 1, "source": …, "function": …, "shapes": …, "cpu_s": …,
        "deadline_s": …, "memory_bytes": …}
    <- {"id": 1, "graph": …}  or  {"id": 1, "reason": …}

The first reply is that to a request of its own: whether a candidate can be locked in here at all.
"""

import gc
import os
import resource
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evo.validation import frames, syscalls
from evo.validation.lockdown import REPLY, adopt_orphans, die_with, lockdown

REQUEST_BYTES = 1 << 20
"""Largest request."""
CHILD_BYTES = 1 << 19
"""Largest reply of a child."""
REPLY_BYTES = 8 * CHILD_BYTES
"""Largest reply to the engine: the child's text, escaped once more."""

_SELF_TEST = {
    "source": "def f(x):\n    return x * 2",
    "function": "f",
    "shapes": [[[2]], [[3]]],
    "cpu_s": 30,
    "deadline_s": 30.0,
    "memory_bytes": 512 << 20,
}


def main(engine: int) -> None:
    """Serves requests until the engine closes its end or dies."""
    die_with(engine)
    adopt_orphans()
    tracer = _import_tracer()
    # The collector must not touch, and so copy, the memory that the children share.
    gc.collect()
    gc.freeze()
    frames.send(1, {"confined": syscalls.is_available(), **_try(_SELF_TEST, tracer)})
    while True:
        try:
            request = frames.receive(0, limit_bytes=REQUEST_BYTES)
        except frames.FrameError:
            return
        frames.send(1, {"id": request["id"], **_try(request, tracer)})


def _import_tracer() -> Any:
    # More than one thread does not survive a fork, and oneDNN would compile code of its own.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    import torch  # noqa: PLC0415 - not before the environment and the death signal are set

    from evo.validation import tracer  # noqa: PLC0415

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.backends.mkldnn.enabled = False
    tracer.warm_up()
    os.environ.clear()
    return tracer


def _try(request: Mapping[str, Any], tracer: Any) -> dict[str, str]:
    """What a child of its own makes of one request."""
    deadline_s = float(request["deadline_s"])
    memory_bytes = _address_space() + int(request["memory_bytes"])
    parent = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            cpu_s = int(request["cpu_s"])
            lockdown(reply=writing, parent=parent, memory_bytes=memory_bytes, cpu_s=cpu_s)
            frames.send(REPLY, _trace(request, tracer))
        except OSError as error:
            frames.send(REPLY, {"reason": f"it cannot be locked in: {error}"})
        finally:
            os._exit(0)
    os.close(writing)
    try:
        deadline = time.monotonic() + deadline_s
        return _checked(frames.receive(reading, limit_bytes=CHILD_BYTES, deadline=deadline))
    except frames.DeadlineError:
        return {"reason": f"it ran longer than {deadline_s:g} s; make it simpler"}
    except frames.FrameError as error:
        return {"reason": f"its process gave no trace: {_ending(child) or error}"}
    finally:
        os.close(reading)
        _end(child)


def _trace(request: Mapping[str, Any], tracer: Any) -> dict[str, str]:
    try:
        return {"graph": tracer.trace(request["source"], request["function"], request["shapes"])}
    except tracer.TraceError as error:
        return {"reason": str(error)}


def _checked(reply: Mapping[str, object]) -> dict[str, str]:
    """The reply in the one form that it may have."""
    (key,) = reply.keys() if len(reply) == 1 else ("",)
    text = reply.get(key)
    if key not in ("graph", "reason") or not isinstance(text, str):
        raise frames.FrameError("expected a graph or a reason")
    return {key: text}


def _ending(child: int) -> str:
    """By which signal a child ended, empty if by none; a child that lingers gets a moment."""
    for _ in range(50):
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is not None:
            killed = ended.si_code in (os.CLD_KILLED, os.CLD_DUMPED)
            return f"ended by {signal.Signals(ended.si_status).name}" if killed else ""
        time.sleep(0.002)
    return ""


def _end(child: int) -> None:
    """Ends a child and all that it may have started and left to us."""
    remaining = [child]
    while remaining:
        for process in remaining:
            os.kill(process, signal.SIGKILL)
        for process in remaining:
            os.waitpid(process, 0)
        remaining = _children()


def _children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(process) for process in path.read_text().split()] if path.exists() else []


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell, and a limit is ignored."""
    path = Path("/proc/self/statm")
    return int(path.read_text().split()[0]) * resource.getpagesize() if path.exists() else 0
