"""CIFAR-10: photographs, as 16×16 pixels in colour, in ten classes; downloaded once."""

from pathlib import Path
from typing import ClassVar

import numpy as np

from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.tasks.base import tasks
from evo.tasks.torchvision_images import Images, TorchvisionImages


@tasks.register("cifar-10")
class Cifar10(TorchvisionImages):
    """10,000 images to train, 2,000 to pick the learning rate, 5,000 to test, of 60,000; 16×16."""

    data_set: ClassVar[str] = "CIFAR10"
    sub_folder: ClassVar[str] = "cifar-10-batches-py"

    def read(self, folder: Path, *, train: bool, download: bool) -> Images:
        """The pickled batches, once torchvision has checked that they are the official ones."""
        # Imported late: it costs seconds, and only training needs the data.
        from torchvision.datasets import CIFAR10  # noqa: PLC0415

        files = CIFAR10(folder, train=train, download=download)
        pixels = np.asarray(files.data, dtype=np.uint8).transpose(0, 3, 1, 2)
        return Images(pixels, np.asarray(files.targets, dtype=np.int64))

    def networks(self) -> dict[str, Network]:
        """A perceptron and a convolutional network."""
        return {"mlp-64-64": Mlp((64, 64), "normal"), "cnn-8-16": Cnn((8, 16), "normal")}
