"""Tasks of one's own data in a line: arrays, a table, a folder of images, a data set of torch.

    # wine.py, named in a configuration as tasks = ["wine.py"]
    from evo.tasks.own import table

    task = table("wine.csv", target="cultivar")

Data are read when the task is loaded, split at random and standardised. Classes and numbers are
told apart by the targets; where that is not clear, `regression` says it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evo.core.errors import UsageError
from evo.core.seeds import child
from evo.core.user_files import beside_user_file
from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.tasks.base import Data, Split, Task
from evo.tasks.objective import Classification, Regression
from evo.tasks.readers import Read, read_images, read_table

_SHARES = (0.6, 0.2, 0.2)
_FEWEST = 40
"""Samples below which no split leaves enough to test on."""
_MOST_POOLED = 20_000
"""Samples up to which each seed draws its own split."""
_MOST_CLASSES = 0.2
"""Share of the samples up to which whole numbers may be classes."""

Networks = Mapping[str, Network]


@dataclass(frozen=True)
class OwnTask(Task):
    """Data of one's own, split and standardised. Make one with the functions below.

    Attributes:
        what: where the data come from, for messages.
        read: reads them, the same at every call.
        given: networks by name; empty for small ones that suit the inputs.
        regression: whether targets are numbers; None to tell by the targets.
        shares: of training, validation and test samples.
        standardise: bring every feature of a table, or every channel of images, to mean 0 and
            deviation 1.
    """

    what: str
    read: Callable[[], Read]
    given: Networks = field(default_factory=dict[str, Network])
    regression: bool | None = None
    shares: tuple[float, float, float] = _SHARES
    standardise: bool = True

    def load(self) -> Data:
        """The data in a fixed random order."""
        inputs, targets, features = self.read()
        samples = len(inputs)
        if samples < _FEWEST:
            raise self._refused(f"at least {_FEWEST} samples", f"{samples}", "Give more data.")
        if len(targets) != samples:
            raise self._refused("as many targets as inputs", f"{len(targets)} for {samples}")
        numbers = self._numbers(inputs, features)
        is_regression = self._is_regression(targets)
        labels, outputs = self._regressed(targets) if is_regression else self._classes(targets)
        order = child(0, "task", "own", "split").permutation(samples)
        cuts = np.cumsum([round(share * samples) for share in self.shares])[:2]
        is_pooled = samples <= _MOST_POOLED
        parts = np.split(order, cuts)
        # As each seed draws its own split of pooled samples, there is no training split to fit.
        fitted = order if is_pooled else parts[0]
        if self.standardise:
            numbers = _standardised(numbers, fitted)
            if is_regression:
                labels = _standardised(labels, fitted)
        return Data(
            *(Split(torch.from_numpy(numbers[p]), torch.from_numpy(labels[p])) for p in parts),
            outputs=outputs,
            objective=Regression() if is_regression else Classification(),
            pooled=is_pooled,
        )

    def networks(self) -> dict[str, Network]:
        """Those given, or two perceptrons, or a perceptron and a convolutional network."""
        if self.given:
            return dict(self.given)
        wide: dict[str, Network] = {"mlp-64-64": Mlp((64, 64), "normal")}
        if self._is_image:
            return wide | {"cnn-8-16": Cnn((8, 16), "normal")}
        return {"mlp-32-32": Mlp((32, 32), "normal")} | wide

    @cached_property
    def _is_image(self) -> bool:
        """True for inputs (n, channels, height, width); kept, as it is asked for often."""
        return self.read().inputs.ndim == 4

    def _refused(self, expected: str, actual: str, remedy: str = "") -> UsageError:
        return UsageError(f"{self.what}: expected {expected}, got {actual}. {remedy}".rstrip())

    def _numbers(self, inputs: NDArray[Any], features: Sequence[str]) -> NDArray[np.float32]:
        """Inputs as float32, finite and with a dimension for the features."""
        if not np.issubdtype(inputs.dtype, np.number) and inputs.dtype != np.bool_:
            raise self._refused("inputs that are numbers", f"dtype {inputs.dtype}")
        numbers = np.asarray(inputs, dtype=np.float32)
        if numbers.ndim == 1:
            numbers = numbers[:, None]
        flat = numbers.reshape(len(numbers), -1)
        if len(bad := np.argwhere(~np.isfinite(flat))):
            row, column = (int(place) for place in bad[0])
            name = repr(features[column]) if features else f"number {column}"
            raise self._refused(
                "finite inputs",
                f"{len(bad)} that are missing, NaN or infinite, the first in sample {row}, "
                f"feature {name}",
                "Fill or drop them first.",
            )
        return numbers

    def _is_regression(self, targets: NDArray[Any]) -> bool:
        if self.regression is not None:
            return self.regression
        if targets.ndim == 2:
            return True
        if np.issubdtype(targets.dtype, np.floating):
            finite = targets[np.isfinite(targets)]
            if not np.array_equal(finite, np.round(finite)):
                return True
        elif not np.issubdtype(targets.dtype, np.integer):
            return False
        distinct = len(np.unique(targets))
        if distinct > max(2, _MOST_CLASSES * len(targets)):
            raise self._refused(
                "targets that are clearly classes or numbers",
                f"{distinct} different whole numbers in {len(targets)} samples",
                "Say regression=True or regression=False.",
            )
        return False

    def _regressed(self, targets: NDArray[Any]) -> tuple[NDArray[Any], int]:
        if not np.issubdtype(targets.dtype, np.number):
            raise self._refused("targets that are numbers", f"dtype {targets.dtype}")
        values = np.asarray(targets, dtype=np.float32).reshape(len(targets), -1)
        if not np.isfinite(values).all():
            row = int(np.argwhere(~np.isfinite(values))[0][0])
            raise self._refused("finite targets", f"another in sample {row}")
        return values, values.shape[1]

    def _classes(self, targets: NDArray[Any]) -> tuple[NDArray[Any], int]:
        """Class indices in the order of the sorted classes, and the number of classes."""
        if targets.ndim != 1:
            raise self._refused("one class per sample", f"targets of shape {targets.shape}")
        if np.issubdtype(targets.dtype, np.floating) and not np.isfinite(targets).all():
            row = int(np.argwhere(~np.isfinite(targets))[0][0])
            raise self._refused("a class for every sample", f"none for sample {row}")
        classes, labels = np.unique(targets, return_inverse=True)
        if len(classes) < 2:
            raise self._refused("two classes or more", f"{classes[0]!r} for every sample")
        counts = np.bincount(labels)
        if (fewest := int(counts.min())) < 3:
            raise self._refused(
                "three samples or more of each class",
                f"{fewest} of {classes[int(counts.argmin())]!r}",
                "Drop or join rare classes.",
            )
        return labels.astype(np.int64), len(classes)


def arrays(inputs: Any, targets: Any, **settings: Any) -> OwnTask:
    """A task on arrays or tensors: inputs (n, features) or (n, channels, height, width).

    Args:
        inputs: numbers.
        targets: classes (n,), as whole numbers or text, or numbers (n,) or (n, outputs).
        settings: of `OwnTask`: networks as `networks`, regression, shares, standardise.

    >>> task = arrays(np.random.default_rng(0).normal(size=(100, 3)), np.arange(100) % 2)
    >>> [len(split.targets) for split in (task.load().train, task.load().test)]
    [60, 20]
    """
    read = Read(np.asarray(inputs), np.asarray(targets))
    return _own("Arrays", lambda: read, settings)


def dataset(data: Iterable[Any], **settings: Any) -> OwnTask:
    """A task on a `torch.utils.data.Dataset` of (input, target), or a `DataLoader` of batches.

    Args:
        data: is read to its end, each time the task is loaded.
        settings: as for `arrays`.
    """
    is_batched = isinstance(data, torch.utils.data.DataLoader)

    def read() -> Read:
        items = data if is_batched else (data[i] for i in range(len(data)))  # pyright: ignore[reportIndexIssue, reportArgumentType] - a Dataset has both
        pairs = [(np.asarray(one), np.asarray(other)) for one, other in items]
        if not pairs:
            raise UsageError("Data set: expected (input, target) pairs, got none.")
        join = np.concatenate if is_batched else np.stack
        return Read(join([one for one, _ in pairs]), join([other for _, other in pairs]))

    return _own("Data set", read, settings)


def table(path: str | Path, *, target: str, drop: Sequence[str] = (), **settings: Any) -> OwnTask:
    """A task on a csv or parquet file with a header.

    Columns of numbers are taken as they are, columns of text as one feature per value.

    Args:
        path: of the file, relative to the task's file.
        target: name of the column to predict.
        drop: names of columns to leave out, such as an id.
        settings: as for `arrays`.
    """
    file = beside_user_file(path)
    return _own(f"Table {file}", lambda: read_table(file, target, drop), settings)


def images(
    folder: str | Path, *, size: tuple[int, int] = (16, 16), grey: bool = False, **settings: Any
) -> OwnTask:
    """A task on a folder with one folder of images per class.

    Args:
        folder: relative to the task's file.
        size: height and width that images are brought to.
        grey: one channel in place of three.
        settings: as for `arrays`.
    """
    root = beside_user_file(folder)
    return _own(f"Images {root}", lambda: read_images(root, size, grey=grey), settings)


def _own(what: str, read: Callable[[], Read], settings: Mapping[str, Any]) -> OwnTask:
    named = {("given" if name == "networks" else name): value for name, value in settings.items()}
    return OwnTask(what, read, **named)


def _standardised(values: NDArray[Any], fitted: NDArray[Any]) -> NDArray[np.float32]:
    """Values with mean 0 and deviation 1 on the fitted rows, by feature or channel."""
    axes = (0, *range(2, values.ndim))
    mean = values[fitted].mean(axes, keepdims=True, dtype=np.float64)
    deviation = values[fitted].std(axes, keepdims=True, dtype=np.float64)
    scaled = (values - mean) / np.where(deviation > 0, deviation, 1)
    return scaled.astype(np.float32)
