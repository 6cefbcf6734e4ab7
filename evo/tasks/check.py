"""Check the data and networks of a task before a worker starts, as candidates are checked.

A task that breaks a rule is a `UsageError` that names task, file and expectation. What may be
intended, such as a constant feature, is a remark.
"""

import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import torch

from evo.core.errors import EvoError, UsageError
from evo.networks.base import Network
from evo.tasks.base import Data, LoopTask, Split, Task, expect_arguments
from evo.tasks.measurements import Metric
from evo.tasks.network_trial import try_network
from evo.tasks.objective import Classification, Regression

_MOST_SHARED = 0.05
"""Share of a split's samples that may also lie in another one: tables repeat rows by chance."""


class CheckedTask(NamedTuple):
    """A task that passed its checks.

    Attributes:
        task: an instance of it.
        data: its data.
        remarks: oddities of the data that may be intended.
    """

    task: Task
    data: Data
    remarks: tuple[str, ...]


def checked_task(name: str, task_class: type[Task], *, batch_size: int = 1) -> CheckedTask:
    """Prepare a task, load its data and check them and its networks.

    Args:
        name: of the task.
        task_class: the task.
        batch_size: samples per batch, which the training split must fill.

    Raises:
        UsageError: it breaks a rule; the message names task, file, expectation and remedy.
    """
    check = _Check(name, task_class)
    task = check.calling("the class itself", task_class)
    check.calling("prepare()", task.prepare)
    data = check.calling("load()", task.load)
    check.form(data)
    splits = {"train": data.train, "validation": data.validation, "test": data.test}
    for split_name, split in splits.items():
        check.split(data, split_name, split)
    check.targets(data, splits)
    if len(data.train.targets) < batch_size:
        check.refuse(
            f"at least {batch_size} training samples, one batch (protocol.batch_size)",
            f"{len(data.train.targets)}",
            "Lower protocol.batch_size or give more samples.",
        )
    remarks = (*check.features(data), *check.overlaps(splits), *check.networks(task, data))
    # The oddities of the tasks that come with evo were looked at.
    return CheckedTask(task, data, () if _comes_with_evo(task_class) else remarks)


def checked_loop(name: str, task_class: type[LoopTask]) -> LoopTask:
    """Prepare a task with a loop of its own and check what can be checked without training.

    Args:
        name: of the task.
        task_class: the task.

    Raises:
        UsageError: it breaks a rule; the message names task, file, expectation and remedy.
    """
    check = _Check(name, task_class)
    task = check.calling("the class itself", task_class)
    check.calling("prepare()", task.prepare)
    if not isinstance(task.metric, Metric):
        check.refuse("a Metric as metric", repr(task.metric), 'Such as Metric("F1").')
    if task.decided_by not in ("loss", "metric"):
        check.refuse("decided_by to be 'loss' or 'metric'", repr(task.decided_by))
    for limit in ("timeout_s", "memory_gb"):
        value = getattr(task, limit)
        if value is not None and not value > 0:
            check.refuse(f"{limit} above 0", repr(value))
    expect_arguments(task.train, f"Task {name!r}")
    return task


def _comes_with_evo(task_class: type[Task]) -> bool:
    return task_class.__module__.partition(".")[0] == __name__.partition(".")[0]


class _Check:
    def __init__(self, name: str, task_class: type[Task]) -> None:
        self._name = name
        try:
            file = inspect.getsourcefile(task_class)
        except (TypeError, OSError):
            file = None
        is_named = file is None or name == file
        self._where = f"Task {name!r}" if is_named else f"Task {name!r} ({file})"

    def refuse(self, expected: str, actual: str, remedy: str = "") -> None:
        """Raise the error of a broken rule."""
        raise UsageError(f"{self._where}: expected {expected}, got {actual}. {remedy}".rstrip())

    def calling(self, what: str, function: Any) -> Any:
        """The result of a call of the task's own code."""
        try:
            return function()
        except UsageError as error:
            if self._name in str(error):
                raise
            raise UsageError(f"{self._where}: {error}") from None
        except EvoError:
            raise
        except Exception as error:  # a task is somebody's code and raises anything
            words = str(error).rstrip(".")
            raise UsageError(
                f"{self._where}: {what} failed with {type(error).__name__}: {words}."
            ) from error

    def form(self, data: Any) -> None:
        """Check types: `Data` of three `Split`s of tensors."""
        if not isinstance(data, Data):
            self.refuse("load() to return a Data", f"a {type(data).__name__}")
        if type(data.outputs) is not int or data.outputs < 1:
            self.refuse("a whole number of outputs ≥ 1", repr(data.outputs))
        for split_name in ("train", "validation", "test"):
            split = getattr(data, split_name)
            if not isinstance(split, Split):
                self.refuse(f"Data.{split_name} to be a Split", f"a {type(split).__name__}")
            for part in ("inputs", "targets"):
                values = getattr(split, part)
                if not isinstance(values, torch.Tensor):
                    self.refuse(
                        f"tensors as {split_name} {part}",
                        f"a {type(values).__name__}",
                        "torch.as_tensor(…) makes one of an array.",
                    )

    def split(self, data: Data, name: str, split: Split) -> None:
        """Check dtypes, shapes and values of one split."""
        inputs, targets = split.inputs, split.targets
        if inputs.dtype != torch.float32:
            self.refuse(f"{name} inputs of dtype float32", str(inputs.dtype), "Use .float().")
        if inputs.dim() < 2:
            self.refuse(
                f"{name} inputs of shape (samples, …) with one dimension or more per sample",
                f"shape {tuple(inputs.shape)}",
            )
        if not len(inputs) or not len(targets):
            self.refuse(f"at least one {name} sample", "none")
        if len(inputs) != len(targets):
            self.refuse(
                f"as many {name} targets as inputs", f"{len(targets)} for {len(inputs)} inputs"
            )
        if inputs.shape[1:] != data.train.inputs.shape[1:]:
            self.refuse(
                f"{name} samples of the shape of training samples, "
                f"{tuple(data.train.inputs.shape[1:])}",
                f"{tuple(inputs.shape[1:])}",
            )
        self._finite(f"{name} inputs", inputs)
        if targets.dtype == torch.int64:
            if targets.dim() != 1:
                self.refuse(f"{name} class indices of shape (n,)", f"{tuple(targets.shape)}")
            low, high = int(targets.min()), int(targets.max())
            if low < 0 or high >= data.outputs:
                self.refuse(
                    f"{name} class indices from 0 to {data.outputs - 1}, one per output",
                    f"{low if low < 0 else high}",
                )
        elif targets.dtype == torch.float32:
            if targets.shape != (len(inputs), data.outputs):
                self.refuse(
                    f"{name} targets of shape (n, outputs) = {(len(inputs), data.outputs)}",
                    f"{tuple(targets.shape)}",
                )
            self._finite(f"{name} targets", targets)
        else:
            self.refuse(
                f"{name} targets of dtype int64 (classes) or float32 (regression)",
                str(targets.dtype),
            )

    def targets(self, data: Data, splits: dict[str, Split]) -> None:
        """Check that targets suit the objective and differ from one another."""
        is_float = data.train.targets.is_floating_point()
        if any(split.targets.dtype != data.train.targets.dtype for split in splits.values()):
            self.refuse("targets of one dtype in all splits", "several")
        if isinstance(data.objective, Classification) and is_float:
            self.refuse(
                "class indices (int64) for the objective Classification",
                "float32 targets",
                "Use objective=Regression() for numbers.",
            )
        if isinstance(data.objective, Regression) and not is_float:
            self.refuse(
                "float32 targets of shape (n, outputs) for the objective Regression", "int64"
            )
        for name, split in splits.items():
            if name != "validation" and bool((split.targets == split.targets[:1]).all()):
                what = "one class" if not is_float else "one value"
                self.refuse(f"{name} targets that differ", f"{what} for all of them")

    def features(self, data: Data) -> Iterator[str]:
        """Remarks on training data; an error where no feature varies."""
        inputs = data.train.inputs.flatten(1)
        is_constant = (inputs == inputs[:1]).all(0)
        constant = int(is_constant.sum())
        if constant == inputs.shape[1]:
            self.refuse("features that differ between training samples", "constant ones alone")
        # Borders of images are constant by nature.
        if constant and data.train.inputs.dim() == 2:
            first = int(is_constant.nonzero()[0])
            yield (
                f"Task {self._name!r}: {constant} of {inputs.shape[1]} features are constant in "
                f"the training split, the first of them number {first}."
            )
        if not data.train.targets.is_floating_point():
            seen = set(data.train.targets.tolist())
            if missing := sorted(set(range(data.outputs)) - seen):
                yield (
                    f"Task {self._name!r}: {len(missing)} of {data.outputs} classes have no "
                    f"training sample, the first of them {missing[0]}."
                )

    def overlaps(self, splits: dict[str, Split]) -> Iterator[str]:
        """Remarks on samples that lie in two splits; an error where they are many."""
        rows = {name: _rows(split) for name, split in splits.items()}
        for one, other in (("validation", "train"), ("test", "train"), ("test", "validation")):
            known = set(rows[other])
            shared = sum(row in known for row in rows[one])
            if shared > _MOST_SHARED * len(rows[one]):
                self.refuse(
                    f"{one} samples that are no {other} samples",
                    f"{shared} of {len(rows[one])} that are in both splits",
                    "Split by sample, and drop repeated ones before.",
                )
            if shared:
                yield (
                    f"Task {self._name!r}: {shared} of {len(rows[one])} {one} samples are also "
                    f"among the {other} samples."
                )

    def networks(self, task: Task, data: Data) -> Iterator[str]:
        """Run every network on a few samples, with gradients; its remark."""
        networks = self.calling("networks()", task.networks)
        if not isinstance(networks, dict) or not networks:
            self.refuse("networks() to return networks by name", f"{networks!r}")
        for name, network in networks.items():
            if not isinstance(network, Network):
                self.refuse(f"network {name!r} to be a Network", f"a {type(network).__name__}")
            with torch.random.fork_rng(devices=()):
                self.calling(f"network {name!r}", partial(try_network, network, data))
            if remark := network.remark():
                yield f"Task {self._name!r}, network {name!r}: {remark}."

    def _finite(self, what: str, values: torch.Tensor) -> None:
        bad = ~torch.isfinite(values.flatten(1))
        if not bad.any():
            return
        row, column = bad.nonzero()[0].tolist()
        has_nan = bool(torch.isnan(values).any())
        self.refuse(
            f"finite {what}",
            f"{int(bad.sum())} {'NaN or infinite' if has_nan else 'infinite'} numbers, the first "
            f"in sample {row}, feature {column}",
            "Fill or drop them in load().",
        )


def _rows(split: Split) -> list[int]:
    """A hash per sample, of inputs and target."""
    inputs = split.inputs.flatten(1).contiguous().numpy()
    targets = split.targets.reshape(len(inputs), -1).contiguous().numpy()
    return [
        hash((row.tobytes(), target.tobytes())) for row, target in zip(inputs, targets, strict=True)
    ]
