"""Base of tasks on torchvision's image data sets: data folder, subset and splits.

Only `prepare` downloads; `load` reads the files or says which are missing.
"""

import contextlib
import os
import pickle
import sys
from abc import abstractmethod
from http.client import HTTPException
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from evo.core.errors import UsageError
from evo.core.seeds import child
from evo.tasks.base import Data, Split, Task

# What torchvision's readers and urllib raise on missing, damaged and unreachable files.
_UNREADABLE = (
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    AssertionError,
    EOFError,
    pickle.UnpicklingError,
)
_UNREACHABLE = (*_UNREADABLE, HTTPException)


class Images(NamedTuple):
    """Images of the official files.

    Attributes:
        pixels: (n, channels, height, width) uint8.
        classes: (n,) int64.
    """

    pixels: NDArray[np.uint8]
    classes: NDArray[np.int64]


def data_folder() -> Path:
    """The folder of data sets: `EVO_DATA`, or one in the user's cache."""
    configured = os.environ.get("EVO_DATA")
    return Path(configured).expanduser() if configured else Path.home() / ".cache" / "evo" / "data"


class TorchvisionImages(Task):
    """10,000 images to train, 2,000 to pick the learning rate, 5,000 to test; a fixed subset.

    It is drawn at random, the first two from the official training files and the last from the
    official test files, and is smaller where those hold fewer. Images are averaged over 2×2
    pixels, since that makes a convolutional network some four times as cheap, and standardised
    by channel on the training images.

    Attributes:
        data_set: name of the data set.
        sub_folder: of the data folder, where torchvision expects the files.
        train_images, validation_images, test_images: sizes of the subset.
    """

    data_set: ClassVar[str]
    sub_folder: ClassVar[str]
    train_images: ClassVar[int] = 10_000
    validation_images: ClassVar[int] = 2_000
    test_images: ClassVar[int] = 5_000

    @abstractmethod
    def read(self, folder: Path, *, train: bool, download: bool) -> Images:
        """Read the official files with torchvision's class.

        Args:
            folder: the data folder.
            train: the training files rather than the test files.
            download: download missing files.
        """

    def prepare(self) -> None:
        """Download missing files and read all of them once, so that `load` will not fail."""
        try:
            # Standard output belongs to results.
            with contextlib.redirect_stdout(sys.stderr):
                for train in (True, False):
                    self.read(data_folder(), train=train, download=True)
        except _UNREACHABLE as error:
            reason = " ".join(str(error).split())
            raise self._missing(f" The download failed: {reason}.") from error

    def load(self) -> Data:
        """Load the subset in a fixed random order."""
        try:
            train = self.read(data_folder(), train=True, download=False)
            test = self.read(data_folder(), train=False, download=False)
        except _UNREADABLE as error:
            raise self._missing() from error
        # All but a sixth to train, where the files hold fewer than the subset.
        samples = len(train.classes)
        most = self.train_images
        cuts = [min(most, samples * 5 // 6), min(most + self.validation_images, samples)]
        parts = np.split(self._order("train", samples), cuts)[:2]
        chosen = self._order("test", len(test.classes))[: self.test_images]
        training, validation, tested = (
            _split(images, rows)
            for images, rows in ((train, parts[0]), (train, parts[1]), (test, chosen))
        )
        deviation, mean = torch.std_mean(training.inputs, dim=(0, 2, 3), keepdim=True)
        splits = (
            Split((split.inputs - mean) / deviation, split.targets)
            for split in (training, validation, tested)
        )
        return Data(*splits, outputs=10)

    def _order(self, files: str, samples: int) -> NDArray[np.int64]:
        return child(0, "task", self.data_set, files).permutation(samples)

    def _missing(self, why: str = "") -> UsageError:
        folder = data_folder()
        return UsageError(
            f"Expected the files of {self.data_set} in {folder / self.sub_folder}, but they are "
            f"missing or damaged.{why} Set EVO_DATA to a folder with {self.sub_folder} in it, or "
            f"run evo once on a machine with a network and copy its data folder to {folder}; "
            "delete what is damaged there first."
        )


def _split(images: Images, rows: NDArray[np.int64]) -> Split:
    """Selected images at half their height and width, in [0, 1]."""
    pixels = torch.from_numpy(images.pixels[rows]).float() / 255
    return Split(F.avg_pool2d(pixels, 2), torch.from_numpy(images.classes[rows]))
