"""Breast cancer of scikit-learn: 569 real samples, 30 measurements, two classes, no download."""

import numpy as np
import torch

from evo.core.seeds import child
from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.tasks.base import Data, Split, Task, tasks
from evo.tasks.bundled import read_bundled_table

_TRAIN, _VALIDATION = 300, 119


@tasks.register("breast-cancer")
class BreastCancer(Task):
    """300 samples to train, 119 to pick the learning rate, 150 to test, a new split per seed."""

    def load(self) -> Data:
        """The data in a fixed random order, each measurement standardised."""
        table = read_bundled_table("breast_cancer.csv", header_rows=1)
        measurements, labels = table[:, :-1], table[:, -1].astype(np.int64)
        order = child(0, "task", "breast-cancer", "split").permutation(len(labels))
        columns = (measurements - measurements.mean(0)) / measurements.std(0)
        inputs = np.asarray(columns, dtype=np.float32)
        splits = (
            Split(torch.from_numpy(inputs[part]), torch.from_numpy(labels[part]))
            for part in np.split(order, [_TRAIN, _TRAIN + _VALIDATION])
        )
        return Data(*splits, outputs=2, pooled=True)

    def networks(self) -> dict[str, Network]:
        """A wide one and a deep one."""
        return {"mlp-32": Mlp((32,), "normal"), "mlp-16-16": Mlp((16, 16))}
