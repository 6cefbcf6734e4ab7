"""A user's inputs and targets as numbers and classes, with errors that name the first fault."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evo.core.errors import UsageError

_MOST_CLASSES = 0.2
"""Share of the samples up to which whole numbers may be classes."""


def unusable(what: str, expected: str, actual: str, remedy: str = "") -> UsageError:
    """The error of data that break a rule.

    Args:
        what: where the data come from, such as "Table wine.csv".
        expected: what the rule is.
        actual: what came.
        remedy: what to do.
    """
    return UsageError(f"{what}: expected {expected}, got {actual}. {remedy}".rstrip())


def plain_array(values: Any) -> NDArray[Any]:
    """Values as an array, also tensors that have gradients, are bfloat16 or on another device."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = values.float() if values.dtype == torch.bfloat16 else values
    return np.asarray(values)


def inputs_of(what: str, inputs: NDArray[Any], features: Sequence[str]) -> NDArray[np.float32]:
    """Inputs as float32, finite and with a dimension for the features.

    Args:
        what: where they come from.
        inputs: (n, …).
        features: names of the inputs' columns; empty where they have none.

    Raises:
        UsageError: one of them is no finite number.
    """
    flat = inputs.reshape(len(inputs), -1)

    def place(row: int, column: int) -> str:
        name = repr(features[column]) if features else f"number {column}"
        return f"sample {row}, feature {name}"

    if inputs.dtype == object:
        for (row, column), value in np.ndenumerate(flat):
            if not _is_number(value):
                where = f"{_word(value)} in {place(row, column)}"
                raise unusable(what, "inputs that are numbers", where, "Fill or drop it first.")
    elif not _is_real(inputs.dtype):
        raise unusable(what, "inputs that are numbers", f"dtype {inputs.dtype}")
    with np.errstate(over="ignore"):  # what is too large for float32 is found below
        numbers = np.asarray(inputs, dtype=np.float32)
    if len(bad := np.argwhere(~np.isfinite(numbers.reshape(flat.shape)))):
        raise unusable(
            what,
            "finite inputs",
            f"{len(bad)} that are missing, NaN or infinite, the first in {place(*bad[0])}",
            "Fill or drop them first.",
        )
    return numbers[:, None] if numbers.ndim == 1 else numbers


def targets_of(what: str, targets: NDArray[Any]) -> NDArray[Any]:
    """Targets (n,) or (n, outputs) of one type; a single column is (n,).

    Raises:
        UsageError: they have another shape, or one is missing.
    """
    if targets.ndim not in (1, 2):
        raise unusable(what, "targets of shape (n,) or (n, outputs)", f"shape {targets.shape}")
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.dtype != object:
        return targets
    for place, value in np.ndenumerate(targets):
        if not isinstance(value, (str, bool, int, float, np.generic)) or value != value:  # noqa: PLR0124 - NaN alone differs from itself
            raise unusable(
                what, "a target for every sample", f"{_word(value)} in sample {place[0]}"
            )
    return np.asarray(targets.tolist())


def is_regression(what: str, targets: NDArray[Any]) -> bool:
    """True if targets are numbers and not classes.

    Raises:
        UsageError: it is not clear.
    """
    if targets.ndim == 2:
        if _is_one_hot(targets):
            raise unusable(
                what,
                "class indices, or numbers",
                f"one-hot rows of shape {targets.shape}",
                "Give targets.argmax(1), or say regression=True.",
            )
        return True
    if np.issubdtype(targets.dtype, np.floating):
        finite = targets[np.isfinite(targets)]
        if not np.array_equal(finite, np.round(finite)):
            return True
    elif not np.issubdtype(targets.dtype, np.integer):
        return False
    distinct = len(np.unique(targets))
    if distinct > max(2, _MOST_CLASSES * len(targets)):
        raise unusable(
            what,
            "targets that are clearly classes or numbers",
            f"{distinct} different whole numbers in {len(targets)} samples",
            "Say regression=True or regression=False.",
        )
    return False


def regressed(what: str, targets: NDArray[Any]) -> NDArray[np.float32]:
    """Numbers to predict, (n, outputs) float32.

    Raises:
        UsageError: they are no finite numbers.
    """
    if not _is_real(targets.dtype) or targets.dtype == np.bool_:
        raise unusable(what, "targets that are numbers", f"dtype {targets.dtype}")
    values = np.asarray(targets, dtype=np.float32).reshape(len(targets), -1)
    if len(bad := np.argwhere(~np.isfinite(values))):
        row, column = bad[0]
        raise unusable(what, "finite targets", f"{values[row, column]} in sample {row}")
    return values


def classes_of(what: str, targets: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Class indices (n,) in the order of the sorted classes, and the number of classes.

    Raises:
        UsageError: a sample has no class, or there are too few of one.
    """
    if targets.ndim != 1:
        raise unusable(what, "one class per sample", f"targets of shape {targets.shape}")
    if np.issubdtype(targets.dtype, np.floating):
        if not np.isfinite(targets).all():
            row = int(np.argwhere(~np.isfinite(targets))[0][0])
            raise unusable(what, "a class for every sample", f"none for sample {row}")
        if len(fractions := targets[targets != np.round(targets)]):
            raise unusable(
                what,
                "whole numbers or text as classes",
                f"{fractions[0]:g}",
                "Say regression=True to predict numbers.",
            )
    classes, labels = np.unique(targets, return_inverse=True)
    names = [_word(name) for name in classes.tolist()]
    if len(names) < 2:
        raise unusable(what, "two classes or more", f"{names[0]} for every sample")
    counts = np.bincount(labels)
    if (fewest := int(counts.min())) < 3:
        raise unusable(
            what,
            "three samples or more of each class",
            f"{fewest} of {names[int(counts.argmin())]}",
            "Drop or join rare classes.",
        )
    return labels.astype(np.int64), len(names)


def standardised(values: NDArray[Any], fitted: NDArray[Any]) -> NDArray[np.float32]:
    """Values with mean 0 and deviation 1 on the fitted rows, by feature or channel."""
    axes = (0, *range(2, values.ndim))
    mean = values[fitted].mean(axes, keepdims=True, dtype=np.float64)
    deviation = values[fitted].std(axes, keepdims=True, dtype=np.float64)
    scaled = (values - mean) / np.where(deviation > 0, deviation, 1)
    return scaled.astype(np.float32)


def _is_real(dtype: np.dtype[Any]) -> bool:
    """True for whole numbers, numbers with fractions and booleans, not for times and complex."""
    return dtype.kind in "iufb"


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, str)


def _is_one_hot(rows: NDArray[Any]) -> bool:
    return _is_real(rows.dtype) and bool(
        np.isin(rows, (0, 1)).all() and (rows.sum(1, dtype=np.float64) == 1).all()
    )


def _word(value: Any) -> str:
    """A value as its author wrote it, not as numpy shows it."""
    return repr(value.item() if isinstance(value, np.generic) else value)
