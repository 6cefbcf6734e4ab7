"""Tasks of a user's data in a line: arrays, a table, a folder of images, a data set of torch.

    # wine.py, named in a configuration as tasks = ["wine.py"]
    from evo.tasks.own import table

    task = table("wine.csv", target="cultivar")

Data are read when the task is loaded, split at random and standardised. Classes and numbers are
told apart by the targets; where that is not clear, `regression` says it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from evo.core.seeds import child
from evo.core.user_files import beside_user_file
from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.tasks.base import Data, Split, Task
from evo.tasks.objective import Classification, Regression
from evo.tasks.readers import Read, read_dataset, read_images, read_table
from evo.tasks.values import (
    classes_of,
    inputs_of,
    is_regression,
    plain_array,
    regressed,
    standardised,
    targets_of,
    unusable,
)

_SETTINGS = ("networks", "regression", "shares", "standardise")
_SHARES = (0.6, 0.2, 0.2)
_FEWEST = 40
"""Samples below which no split leaves enough to test on."""
_MOST_POOLED = 20_000
"""Samples up to which each seed draws its own split."""
_CHANNELS = (1, 3, 4)
"""Numbers of channels that images usually have."""

Networks = Mapping[str, Network]


@dataclass(frozen=True)
class OwnTask(Task):
    """A user's data, split and standardised. Make one with the functions below.

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
        what, (inputs, targets, features) = self.what, self.read()
        samples = len(inputs) if inputs.ndim else 0
        if samples < _FEWEST:
            raise unusable(what, f"at least {_FEWEST} samples", f"{samples}", "Give more data.")
        targets = targets_of(what, targets)
        if len(targets) != samples:
            raise unusable(what, "as many targets as inputs", f"{len(targets)} for {samples}")
        self._expect_shares()
        numbers = inputs_of(what, inputs, features)
        self._expect_channels_first(numbers.shape)
        numeric = is_regression(what, targets) if self.regression is None else self.regression
        if numeric:
            labels = regressed(what, targets)
            outputs = labels.shape[1]
        else:
            labels, outputs = classes_of(what, targets)
        order = child(0, "task", "own", "split").permutation(samples)
        cuts = np.cumsum([round(share * samples) for share in self.shares])[:2]
        is_pooled = samples <= _MOST_POOLED
        parts = np.split(order, cuts)
        # As each seed draws its own split of pooled samples, there is no training split to fit.
        fitted = order if is_pooled else parts[0]
        if self.standardise:
            numbers = standardised(numbers, fitted)
            if numeric:
                labels = standardised(labels, fitted)
        return Data(
            *(Split(torch.from_numpy(numbers[p]), torch.from_numpy(labels[p])) for p in parts),
            outputs=outputs,
            objective=Regression() if numeric else Classification(),
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

    def _expect_shares(self) -> None:
        shares = self.shares
        if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
            raise unusable(
                self.what,
                "shares of training, validation and test samples that are above 0 and add up to 1",
                f"shares={shares}",
            )

    def _expect_channels_first(self, shape: tuple[int, ...]) -> None:
        """Refuse images with their channels last, unless a network of the user's takes them."""
        if (
            not self.given
            and len(shape) == 4
            and shape[3] in _CHANNELS
            and shape[1] > max(_CHANNELS)
        ):
            raise unusable(
                self.what,
                "images of shape (n, channels, height, width)",
                f"{shape}",
                "numpy.moveaxis(inputs, 3, 1) brings channels to the front.",
            )


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
    read = Read(plain_array(inputs), plain_array(targets))
    return own_task("Arrays", lambda: read, settings)


def dataset(data: Iterable[Any] | Dataset[Any], **settings: Any) -> OwnTask:
    """A task on a `torch.utils.data.Dataset` of (input, target), or a `DataLoader` of batches.

    Args:
        data: is read to its end, once per process. What it draws at random, such as an order or a
            crop, is drawn once, by a fixed seed, so that all workers have the same samples.
        settings: as for `arrays`.
    """
    return own_task("Data set", cache(partial(read_dataset, data)), settings)


def table(path: str | Path, *, target: str, drop: Sequence[str] = (), **settings: Any) -> OwnTask:
    """A task on a csv or parquet file with a header.

    A csv file is in UTF-8 and separated by commas, semicolons or tabs. Columns of numbers are taken
    as they are, columns of text as one feature per value.

    Args:
        path: of the file, relative to the task's file.
        target: name of the column to predict.
        drop: names of columns to leave out, such as an id.
        settings: as for `arrays`.
    """
    file = beside_user_file(path)
    return own_task(f"Table {file}", lambda: read_table(file, target, drop), settings)


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
    return own_task(f"Images {root}", lambda: read_images(root, size, grey=grey), settings)


def own_task(what: str, read: Callable[[], Read], settings: Mapping[str, Any]) -> OwnTask:
    """A task of these settings.

    Args:
        what: where the data come from, for messages.
        read: reads them.
        settings: as for `arrays`.

    Raises:
        UsageError: a setting is unknown, or networks have no names.
    """
    if odd := sorted(set(settings) - set(_SETTINGS)):
        raise unusable(what, f"the settings {', '.join(_SETTINGS)}", ", ".join(odd))
    others = dict(settings)
    networks = others.pop("networks", {})
    if not isinstance(networks, Mapping):
        came = f"a {type(networks).__name__}"
        raise unusable(what, 'networks by name, networks={"mine": …}', came)
    return OwnTask(what, read, networks, **others)
