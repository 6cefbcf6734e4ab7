"""Fashion-MNIST: articles of clothing, as 14×14 pixels, in ten classes; downloaded once."""

from pathlib import Path
from typing import ClassVar

import numpy as np

from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.tasks.base import tasks
from evo.tasks.torchvision_images import Images, TorchvisionImages


@tasks.register("fashion-mnist")
class FashionMnist(TorchvisionImages):
    """10,000 images to train, 2,000 to pick the learning rate, 5,000 to test, of 70,000; 14×14."""

    data_set: ClassVar[str] = "FashionMNIST"
    sub_folder: ClassVar[str] = "FashionMNIST/raw"

    def read(self, folder: Path, *, train: bool, download: bool) -> Images:
        """The IDX files."""
        # Imported late: it costs seconds, and only training needs the data.
        from torchvision.datasets import FashionMNIST  # noqa: PLC0415

        files = FashionMNIST(folder, train=train, download=download)
        return Images(files.data.unsqueeze(1).numpy(), np.asarray(files.targets, dtype=np.int64))

    def networks(self) -> dict[str, Network]:
        """A perceptron and a convolutional network."""
        return {"mlp-64-64": Mlp((64, 64), "normal"), "cnn-8-16": Cnn((8, 16), "normal")}
