"""Fingerprint of a task: data, splits, networks' names and code, so that a change is noticed.

Inputs are standardised on the machine that loads them, so their last digits differ between
processors. A fingerprint therefore holds two random projections of them, compared within a
tolerance; a single sample that changes moves both by far more. Class indices are hashed. Code is
that of the modules that define the task and its networks, and of those that they take from their
own folder, without comments and layout; evo's own code counts by evo's version, which the history
has.
"""

import hashlib
import inspect
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from evo.core.seeds import child
from evo.core.source import normalise
from evo.tasks.base import Data, LoopTask, Split, Task

_PROJECTIONS = 2
_AT_ONCE = 1 << 20
"""Numbers projected at once, which bounds the memory."""
_TOLERANCE = 1e-5
"""Difference of projections, in units of the norm of all inputs, that is rounding."""

Fingerprint = Mapping[str, Any]
"""JSON-able: data by split, outputs, pooled, objective, networks and code; or loop and code."""


def fingerprint(task: Task, data: Data) -> Fingerprint:
    """The fingerprint of a task and of the data that it loaded."""
    splits = {"train": data.train, "validation": data.validation, "test": data.test}
    return {
        **{name: _of_split(split) for name, split in splits.items()},
        "outputs": data.outputs,
        "pooled": data.pooled,
        "objective": type(data.objective).__name__,
        "networks": list(task.networks()),
        "code": _of_code([task, data.objective, *task.networks().values()]),
    }


def loop_fingerprint(task: LoopTask) -> Fingerprint:
    """The fingerprint of a task with a loop of its own, whose data evo does not see."""
    metric = task.metric
    return {
        "loop": [metric.name, metric.higher_is_better, metric.perfect, metric.scale],
        "decided by": task.decided_by,
        "code": _of_code([task]),
    }


def fingerprint_changes(before: Fingerprint, now: Fingerprint) -> list[str]:
    """Differences of two fingerprints in words; empty where there is none."""
    return list(_changes(before, now))


def _changes(before: Fingerprint, now: Fingerprint) -> Iterator[str]:
    if before.keys() != now.keys():
        yield "a loop of its own in place of data" if "loop" in now else "data in place of a loop"
        return
    for split in ("train", "validation", "test") if "train" in now else ():
        one, other = before[split], now[split]
        if one["shape"] != other["shape"]:
            yield f"{split} inputs of shape {one['shape']} → {other['shape']}"
            continue
        for part in ("inputs", "targets"):
            if not _same(one[part], other[part]):
                yield f"other {split} {part}"
    for name in ("outputs", "pooled", "objective", "networks", "loop", "decided by"):
        if before.get(name) != now.get(name):
            yield f"{name} {before[name]} → {now[name]}"
    if before["code"] != now["code"]:
        yield "other code"


def _of_split(split: Split) -> dict[str, Any]:
    return {
        "shape": list(split.inputs.shape),
        "inputs": _of_values(split.inputs),
        "targets": _of_values(split.targets),
    }


def _of_values(values: torch.Tensor) -> Any:
    """A hash of whole numbers; norm and projections of others."""
    flat = values.flatten().cpu().numpy()
    if not values.is_floating_point():
        return hashlib.sha256(np.ascontiguousarray(flat, dtype="<i8").tobytes()).hexdigest()[:16]
    squares, projections = 0.0, np.zeros(_PROJECTIONS)
    for number, start in enumerate(range(0, len(flat), _AT_ONCE)):
        part = flat[start : start + _AT_ONCE].astype(np.float64)
        squares += float(part @ part)
        generator = child(0, "fingerprint", number)
        for row in range(_PROJECTIONS):
            projections[row] += part @ generator.standard_normal(len(part))
    return [math.sqrt(squares), *projections.tolist()]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    tolerance = _TOLERANCE * max(one[0], other[0])
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def _of_code(objects: Sequence[object]) -> str:
    """A hash of the sources of these objects that are not evo's own."""
    modules = {
        inspect.getmodule(cls)
        for thing in objects
        for cls in type(thing).__mro__
        if cls.__module__.partition(".")[0] not in ("evo", "abc", "builtins", "torch")
    }
    sources: list[str] = []
    for module in _with_neighbours(module for module in modules if module):
        try:
            sources.append(normalise(inspect.getsource(module)))
        except (OSError, TypeError):
            continue  # typed into an interpreter: there is no file to compare
    return hashlib.sha256("\n".join(sorted(sources)).encode()).hexdigest()[:16]


def _with_neighbours(modules: Iterable[ModuleType]) -> list[ModuleType]:
    """These modules, and those in the same folders whose names they use."""
    known = list(modules)
    for module in known:  # grows on the way
        used = (inspect.getmodule(value) for value in list(vars(module).values()))
        known += dict.fromkeys(
            other
            for other in used
            if other is not None
            and other not in known
            and _folder(other) == _folder(module) is not None
        )
    return known


def _folder(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return None if file is None else Path(file).parent
