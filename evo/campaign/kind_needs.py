"""Needs of a kind that a task may not meet: classes, gated layers, attention, inputs of weights."""

from collections.abc import Iterator

import torch

from evo.components.kinds import kinds
from evo.core.errors import UsageError
from evo.core.informed import Informed
from evo.networks.parts import Parts
from evo.tasks.base import Data, Task
from evo.tasks.objective import Classification

_TRIED = 4
"""Samples on which networks are tried."""


def check_suits(kind_name: str, task_name: str, task: Task, data: Data) -> None:
    """Check that a task has what components of a kind are trained with.

    Raises:
        UsageError: it lacks something; the message says what.
    """
    kind = kinds.get(kind_name)
    if kind.needs_classes and not isinstance(data.objective, Classification):
        raise UsageError(
            f"Kind {kind_name!r} needs tasks of classification, and {task_name!r} is none; leave "
            "it out of the tasks."
        )
    for label, network in task.networks().items() if kind.needs_gates else ():
        try:
            network.gated()
        except UsageError as error:
            raise UsageError(
                f"Kind {kind_name!r} does not suit task {task_name!r}, network {label!r}: {error}."
            ) from error
    shape = tuple(data.train.inputs.shape[1:])
    for label, network in task.networks().items() if kind.needs_attention else ():
        if not network.feature_counts(shape).attentions:
            raise UsageError(
                f"Kind {kind_name!r} does not suit task {task_name!r}, network {label!r}: it has "
                "no attention. Use a task such as 'digits-transformer' or 'recall', or a model "
                "that calls F.scaled_dot_product_attention."
            )


def remarks_on_inputs(kind_name: str, task_name: str, task: Task, data: Data) -> Iterator[str]:
    """Remarks on networks in which no initialiser can see what layers receive."""
    members = kinds.get(kind_name)().members
    if not any(one.name == "inputs" for kind in members for one in kind.contract.optional):
        return
    parts = Parts(initialize=Informed(_drawn), initialize_sees_inputs=True)
    samples = data.train.inputs[:_TRIED]
    for label, network in task.networks().items():
        generator = torch.Generator().manual_seed(0)
        shape = tuple(samples.shape[1:])
        try:
            network.fresh(shape, data.outputs, generator, parts, network.arranged(samples))
        except ValueError as error:
            yield f"Task {task_name!r}, network {label!r}: {error}."


def _drawn(z: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
    return z / z.shape[1] ** 0.5
