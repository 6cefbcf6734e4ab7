"""Memory that training takes: the largest network, as many copies of it as train at once.

It is measured, in a worker process that takes a few steps with the kind's first baseline, rather
than computed: what a step keeps depends on the component and on torch. On a GPU this has not been
tried.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from evo.components.kinds import kinds
from evo.compute.work import Work
from evo.core.errors import EvoError
from evo.evaluation.protocol import Protocol
from evo.evaluation.training.largest import largest_network
from evo.evaluation.training.trainer import train
from evo.tasks.base import LOOP_NETWORK, Data, LoopTask, Split, tasks
from evo.validation.graph.graphs import component_of

if sys.platform != "win32":
    import resource

_STEPS = 2
"""Steps after which memory grows no more."""


class Peak(NamedTuple):
    """Memory of one worker that trains the largest network.

    Attributes:
        task: of the network.
        network: its name.
        copies: that train at once.
        bytes: taken beyond what an idle worker has, the task's data included.
        free: bytes that the device has left for all workers; None where it does not say.
        is_split: True where copies had to be trained in parts.
    """

    task: str
    network: str
    copies: int
    bytes: int
    free: int | None
    is_split: bool = False


def peak(graphs: tuple[str, ...], work: Work, device: str) -> Peak:
    """The memory that the largest network takes on a device; a loop's is what its task states.

    Raises:
        EvoError: not even one copy fits.
    """
    parts = kinds.get(work.kind)().parts(component_of(graphs))
    loops = [name for name in work.tasks if issubclass(tasks.get(name), LoopTask)]
    if len(loops) == len(work.tasks):
        return _stated(loops, device)
    before = _taken(device)
    task, name, network, data = largest_network(work.tasks, work.protocol, parts)
    data = _short(data.to(torch.device(device)), work.protocol.batch_size * _STEPS)
    seeds, rates = _copies(work.protocol)
    count, is_split = seeds, False
    while True:
        try:
            train(
                network,
                data,
                parts,
                seeds=range(count),
                learning_rates=[1e-3] * rates,
                epochs=1,
                batch_size=work.protocol.batch_size,
                passes=work.protocol.passes,
            )
            break
        except torch.OutOfMemoryError:
            is_split = True
        if count == rates == 1:
            raise EvoError(f"Not even one copy of network {name!r} of {task} fits on {device}.")
        count, rates = max(1, count // 2), rates if count > 1 else max(1, rates // 2)
    taken = max(0, _taken(device) - before)
    return Peak(task, name, count * rates, taken, free_bytes(device), is_split)


def _stated(loops: Sequence[str], device: str) -> Peak:
    """The memory that the loop with the largest limit may take."""
    largest = max(loops, key=_limit)
    return Peak(largest, LOOP_NETWORK, 1, int(_limit(largest) * 1e9), free_bytes(device))


def _limit(name: str) -> float:
    task = tasks.get(name)()
    assert isinstance(task, LoopTask)
    return task.memory_gb


def free_bytes(device: str) -> int | None:
    """Bytes that a device has left; of the processor, what the system and its limits leave."""
    if device.startswith("cuda"):
        return torch.cuda.mem_get_info(torch.device(device))[0]
    left = [_available(), _of_group()]
    return min((value for value in left if value is not None), default=None)


def _short(data: Data, samples: int) -> Data:
    """The data with as many training samples; the others stay, since they are measured at once."""
    train_split = Split(data.train.inputs[:samples], data.train.targets[:samples])
    return replace(data, train=train_split)


def _copies(protocol: Protocol) -> tuple[int, int]:
    """Seeds and settings of the heat that trains the most copies at once."""
    rungs = range(len(protocol.rungs))
    first = max(len(protocol.heats(rung)[0]) for rung in rungs), len(protocol.settings)
    later = max((len(heat) for rung in rungs for heat in protocol.heats(rung)[1:]), default=0), 1
    return max(first, later, key=lambda pair: pair[0] * pair[1])


def _taken(device: str) -> int:
    """Bytes that this process has taken at most, on the device."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(torch.device(device))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _available() -> int | None:
    """Bytes that the system could give without swapping."""
    values = _sizes(Path("/proc/meminfo"))
    return values.get("MemAvailable")


def _of_group() -> int | None:
    """Bytes that the control group of this process, such as a container, has left."""
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        try:
            return int(Path(limit).read_text()) - int(Path(used).read_text())
        except (OSError, ValueError):  # no such group, or `max`
            continue
    return None


def _sizes(path: Path) -> Mapping[str, int]:
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) == 3}
