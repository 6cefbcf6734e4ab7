"""Wine of scikit-learn: 178 samples, 13 measurements, three cultivars."""

import numpy as np
import torch
from sklearn.datasets import load_wine

from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.tasks.base import Data, Split, Task, tasks


@tasks.register("wine")
class Wine(Task):
    """100 samples to train, 30 to pick the learning rate, 48 to test."""

    def load(self) -> Data:
        inputs, targets = load_wine(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(targets))
        inputs = (inputs - inputs.mean(0)) / inputs.std(0)
        splits = [
            Split(torch.tensor(inputs[part], dtype=torch.float32), torch.tensor(targets[part]))
            for part in np.split(order, [100, 130])
        ]
        return Data(*splits, outputs=3)

    def networks(self) -> dict[str, Network]:
        return {"mlp-16": Mlp((16,))}
