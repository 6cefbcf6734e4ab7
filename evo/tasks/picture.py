"""An implicit representation: the brightness of a photograph as a function of the place."""

from functools import partial

import numpy as np
import torch

from evo.core.seeds import child
from evo.networks.base import Network
from evo.networks.models import Coordinates
from evo.networks.modules import ModuleNetwork
from evo.tasks.base import Data, Split, Task, tasks
from evo.tasks.objective import Regression

_SIDE, _STEP = 40, 10
"""Blocks of a side, and pixels of a block's side: a square out of the middle of the photograph."""
_TRAIN, _VALIDATION = 1000, 200


@tasks.register("picture")
class Picture(Task):
    """1,000 of 1,600 places to train, 200 to pick the learning rate, 400 to test, by the seed."""

    def load(self) -> Data:
        """Coordinates in [−1, 1] and standardised brightness of scikit-learn's "china.jpg"."""
        from sklearn.datasets import load_sample_image  # noqa: PLC0415 - costs seconds

        pixels = np.asarray(load_sample_image("china.jpg"), dtype=np.float32).mean(2)
        span = _SIDE * _STEP
        top, left = (pixels.shape[0] - span) // 2, (pixels.shape[1] - span) // 2
        square = pixels[top : top + span, left : left + span]
        blocks = square.reshape(_SIDE, _STEP, _SIDE, _STEP).mean((1, 3)).reshape(-1, 1)
        line = np.linspace(-1, 1, _SIDE, dtype=np.float32)
        places = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
        order = child(0, "task", "picture", "split").permutation(len(blocks))
        values = (blocks - blocks.mean()) / blocks.std()
        splits = (
            Split(torch.from_numpy(places[part]), torch.from_numpy(values[part]))
            for part in np.split(order, [_TRAIN, _TRAIN + _VALIDATION])
        )
        return Data(*splits, outputs=1, objective=Regression(), pooled=True)

    def networks(self) -> dict[str, Network]:
        """A perceptron of three hidden layers."""
        return {"coordinates-48": ModuleNetwork(partial(Coordinates, 2, 1))}
