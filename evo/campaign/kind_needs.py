"""Needs of a kind that a task may not meet: classes, gated layers, attention, inputs of weights."""

from collections.abc import Iterator

from evo.components.kinds import kinds
from evo.core.errors import UsageError
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
    for label, network in task.networks().items():
        try:
            network.expect_inputs_seen(data.train.inputs[:_TRIED], data.outputs)
        except ValueError as error:
            yield f"Task {task_name!r}, network {label!r}: {error}."
