"""The largest network that candidates train, which decides the memory that a training takes."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch

from evo.evaluation.protocol import Protocol
from evo.networks.base import Network
from evo.networks.parts import Parts
from evo.tasks.base import Data, LoopTask, tasks


class TaskNetwork(NamedTuple):
    """A network of a task, with the task's data.

    Attributes:
        task: name of the task.
        name: of the network.
        network: suited to the component.
        data: of the task.
    """

    task: str
    name: str
    network: Network
    data: Data


def largest_network(names: Sequence[str], protocol: Protocol, parts: Parts) -> TaskNetwork:
    """The network with the most parameters, of all tasks that have networks.

    Args:
        names: of the tasks; one of them has networks.
        protocol: says how many networks of each task its rungs train.
        parts: with the component.
    """
    most = max(rung.networks or sys.maxsize for rung in protocol.rungs)
    uninitialised = replace(parts, initialize=None)
    sized: list[tuple[int, TaskNetwork]] = []
    for task_name in names:
        task = tasks.get(task_name)()
        if isinstance(task, LoopTask):
            continue
        data = task.load()
        shape = tuple(data.train.inputs.shape[1:])
        for name, plain in list(task.networks().items())[:most]:
            network = plain.suited(parts)
            generator = torch.Generator().manual_seed(0)
            parameters = network.fresh(shape, data.outputs, generator, uninitialised)
            size = sum(values.numel() for values in parameters.values())
            sized.append((size, TaskNetwork(task_name, name, network, data)))
    return max(sized, key=lambda one: one[0])[1]
