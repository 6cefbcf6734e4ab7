"""Data and networks of a task are checked before anything is spent."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from support.small_data import data, split

from evo.core.errors import UsageError
from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.networks.patches import Patches
from evo.tasks.base import Data, Split, Task, tasks
from evo.tasks.check import CheckedTask, checked_task
from evo.tasks.objective import Regression


def checked(
    load: Callable[[], Any], networks: dict[str, Any] | None = None, *, batch_size: int = 16
) -> CheckedTask:
    class Mine(Task):
        def load(self) -> Data:
            return load()

        def networks(self) -> dict[str, Network]:
            return {"mlp": Mlp((8,))} if networks is None else networks

    return checked_task("mine", Mine, batch_size=batch_size)


def changed(part: Split, **values: torch.Tensor) -> Split:
    return Split(values.get("inputs", part.inputs), values.get("targets", part.targets))


def with_value(part: Split, value: float) -> Split:
    inputs = part.inputs.clone()
    inputs[7, 2] = value
    return changed(part, inputs=inputs)


def numbers(part: Split) -> Split:
    return changed(part, targets=part.inputs[:, :1].clone())


TRAIN, TEST = split(60, 0), split(30, 2)

FAULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "a tuple": (lambda: (TRAIN, TEST), r"expected load\(\) to return a Data, got a tuple"),
    "splits that are pairs": (
        lambda: data(train=(TRAIN.inputs, TRAIN.targets)),
        r"expected Data\.train to be a Split, got a tuple",
    ),
    "arrays": (
        lambda: data(test=Split(TEST.inputs.numpy(), TEST.targets)),  # type: ignore[arg-type]
        "expected tensors as test inputs, got a ndarray",
    ),
    "an error of its own": (
        lambda: {}["target"],
        r"load\(\) failed with KeyError: 'target'",
    ),
    "inputs of double precision": (
        lambda: data(train=changed(TRAIN, inputs=TRAIN.inputs.double())),
        "expected train inputs of dtype float32, got torch.float64",
    ),
    "targets of int32": (
        lambda: data(train=changed(TRAIN, targets=TRAIN.targets.int())),
        "expected train targets of dtype int64",
    ),
    "other shapes in one split": (
        lambda: data(test=split(30, 2, features=5)),
        r"test samples of the shape of training samples, \(4,\), got \(5,\)",
    ),
    "too few targets": (
        lambda: data(train=changed(TRAIN, targets=TRAIN.targets[:50])),
        "expected as many train targets as inputs, got 50 for 60",
    ),
    "one NaN": (
        lambda: data(train=with_value(TRAIN, float("nan"))),
        "finite train inputs, got 1 NaN or infinite numbers, the first in sample 7, feature 2",
    ),
    "an infinity": (
        lambda: data(test=with_value(TEST, float("inf"))),
        "finite test inputs, got 1 infinite numbers, the first in sample 7, feature 2",
    ),
    "classes from 1": (
        lambda: data(train=changed(TRAIN, targets=TRAIN.targets + 1)),
        "expected train class indices from 0 to 2, one per output, got 3",
    ),
    "an empty split": (
        lambda: data(validation=Split(TEST.inputs[:0], TEST.targets[:0])),
        "expected at least one validation sample, got none",
    ),
    "test samples among those of training": (
        lambda: data(test=Split(TRAIN.inputs[:30], TRAIN.targets[:30])),
        "expected test samples that are no train samples, got 30 of 30",
    ),
    "one class": (
        lambda: data(train=changed(TRAIN, targets=torch.zeros_like(TRAIN.targets))),
        "expected train targets that differ, got one class",
    ),
    "constant features alone": (
        lambda: data(train=changed(TRAIN, inputs=torch.ones(60, 4))),
        "expected features that differ between training samples",
    ),
    "numbers without an objective for them": (
        lambda: data(
            train=numbers(TRAIN), validation=numbers(split(30, 1)), test=numbers(TEST), outputs=1
        ),
        "Use objective=Regression",
    ),
    "flat targets of a regression": (
        lambda: data(
            train=changed(TRAIN, targets=TRAIN.inputs[:, 0]), outputs=1, objective=Regression()
        ),
        r"expected train targets of shape \(n, outputs\) = \(60, 1\), got \(60,\)",
    ),
    "fewer samples than a batch": (
        lambda: data(train=split(12, 0)),
        "expected at least 16 training samples, one batch",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_an_error_that_names_task_file_and_expectation(fault: str) -> None:
    load, message = FAULTS[fault]

    with pytest.raises(UsageError, match=message) as raised:
        checked(load)

    assert "Task 'mine'" in str(raised.value)
    assert "test_task_check.py" in str(raised.value)


def test_sound_data_pass_without_a_remark() -> None:
    assert checked(data).remarks == ()


def test_a_constant_feature_and_a_few_repeated_samples_are_remarks() -> None:
    inputs, test = TRAIN.inputs.clone(), split(30, 2)
    inputs[:, 3] = 1.0
    test.inputs[0], test.targets[0] = inputs[0], TRAIN.targets[0]

    remarks = checked(lambda: data(train=changed(TRAIN, inputs=inputs), test=test)).remarks

    assert len(remarks) == 2
    assert "1 of 4 features are constant" in remarks[0]
    assert "1 of 30 test samples are also among the train samples" in remarks[1]


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ({}, "networks by name"),
        ({"one": torch.nn.Linear(4, 3)}, "network 'one' to be a Network, got a Linear"),
        ({"patches": Patches((2, 2))}, "network 'patches' failed with"),
    ],
)
def test_networks_are_tried_on_the_data(networks: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        checked(lambda: data(train=split(60, 0, features=9), **_nine()), networks)


def _nine() -> dict[str, Split]:
    return {"validation": split(30, 1, features=9), "test": split(30, 2, features=9)}


def test_tasks_that_come_with_evo_have_no_remarks() -> None:
    assert checked_task("digits", tasks.get("digits")).remarks == ()
