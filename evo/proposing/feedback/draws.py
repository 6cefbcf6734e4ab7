"""Draws of a few out of many, for prompts that cannot show all."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_T = TypeVar("_T")


def drawn(pool: Sequence[_T], count: int, rng: np.random.Generator) -> list[_T]:
    """Some of a pool at random, in its order."""
    chosen = rng.choice(len(pool), size=min(count, len(pool)), replace=False)
    return [pool[place] for place in sorted(int(place) for place in chosen)]
