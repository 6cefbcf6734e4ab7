"""Associative recall: synthetic sequences of keys and values, and a key whose value is asked for.

Multi-query associative recall (Arora et al. 2023, arXiv 2312.04927) with the query last: what
language models must do to use their context, on data that need no file.
"""

from functools import partial

import numpy as np
import torch

from evo.core.seeds import child
from evo.networks.base import Network
from evo.networks.models import Gpt
from evo.networks.modules import ModuleNetwork
from evo.tasks.base import Data, Split, Task, tasks

_KEYS, _VALUES, _PAIRS = 12, 8, 4
_TRAIN, _VALIDATION, _TEST = 1500, 400, 800
_LENGTH = 2 * _PAIRS + 1


@tasks.register("recall")
class Recall(Task):
    """1,500 sequences to train, 400 to pick the rate, 800 to test, a new split per seed."""

    def load(self) -> Data:
        """Four different keys with a value each, in a random order, and one of the keys again."""
        count = _TRAIN + _VALIDATION + _TEST
        generator = child(0, "task", "recall")
        rows: dict[bytes, tuple[np.ndarray, int]] = {}
        while len(rows) < count:  # no sequence twice: it might be in two splits
            keys = generator.permutation(_KEYS)[:_PAIRS]
            values = generator.integers(_VALUES, size=_PAIRS)
            asked = int(generator.integers(_PAIRS))
            row = np.empty(_LENGTH, dtype=np.float32)
            row[0:-1:2], row[1:-1:2], row[-1] = keys, _KEYS + values, keys[asked]
            rows.setdefault(row.tobytes(), (row, _KEYS + int(values[asked])))
        inputs = torch.from_numpy(np.stack([row for row, _ in rows.values()]))
        targets = torch.tensor([target - _KEYS for _, target in rows.values()])
        sizes = (_TRAIN, _VALIDATION, _TEST)
        splits = map(Split, inputs.split(sizes), targets.split(sizes))
        return Data(*splits, outputs=_VALUES, pooled=True)

    def networks(self) -> dict[str, Network]:
        """A decoder-only transformer of two blocks, the fewest that can look a value up."""
        gpt = partial(Gpt, _KEYS + _VALUES, _LENGTH, outputs=_VALUES)
        return {"gpt-32": ModuleNetwork(gpt)}
