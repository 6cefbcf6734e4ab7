"""Handwritten digits of scikit-learn: 1,797 real 8×8 images in ten classes, no download."""

import numpy as np
import torch

from evo.core.seeds import child
from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.networks.patches import Patches
from evo.tasks.base import Data, Split, Task, tasks
from evo.tasks.bundled import read_bundled_table

_TRAIN, _VALIDATION = 1000, 297


@tasks.register("digits")
class Digits(Task):
    """1,000 images to train, 297 to pick the learning rate, 500 to test, a new split per seed."""

    def load(self) -> Data:
        """The data in a fixed random order, one mean and deviation for all pixels."""
        table = read_bundled_table("digits.csv.gz")
        pixels = table[:, :-1].astype(np.float32)
        labels = table[:, -1].astype(np.int64)
        order = child(0, "task", "digits", "split").permutation(len(labels))
        pixels = (pixels - pixels.mean()) / pixels.std()
        train, validation, test = (
            Split(torch.from_numpy(pixels[part]), torch.from_numpy(labels[part]))
            for part in np.split(order, [_TRAIN, _TRAIN + _VALIDATION])
        )
        return Data(train, validation, test, outputs=10, pooled=True)

    def networks(self) -> dict[str, Network]:
        """Two perceptrons and two patch networks, of two and three hidden layers each.

        Networks that differ rank components better than one that trains longer
        (docs/measurements/fidelity.md).
        """
        return {
            "mlp-64-64": Mlp((64, 64), "normal"),
            "mlp-48-48-48": Mlp((48, 48, 48), "normal"),
            "patches-8-24": Patches((8, 24), "normal"),
            "patches-12-32-32": Patches((12, 32), "uniform", hidden=32),
        }
