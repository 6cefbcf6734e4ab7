"""Draws that follow from the seed of a training: split, weights, data order and noise."""

from collections.abc import Sequence

import torch

from evo.core.seeds import child_seed
from evo.tasks.base import Data


def seeded_generator(seed: int, purpose: str) -> torch.Generator:
    """Make the generator of a copy's split, weights, data order or noise."""
    return torch.Generator().manual_seed(child_seed(seed, "trial", purpose))


def seeded_split(data: Data, seeds: Sequence[int]) -> torch.Tensor:
    """Sample indices per seed, training first, then validation, then test: (seeds, samples)."""
    count = len(data.samples.targets)
    return torch.stack(
        [
            torch.randperm(count, generator=seeded_generator(seed, "split"))
            if data.pooled
            else torch.arange(count)
            for seed in seeds
        ]
    )
