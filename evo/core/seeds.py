"""Named random generators: every random draw of a campaign uses a child of its one seed.

A child depends on its names alone, never on how many draws were made before it. A resumed campaign,
or one with another number of workers, therefore draws the same numbers.
"""

import hashlib

import numpy as np


def child_seed(seed: int, *names: str | int) -> int:
    """Derive a 63-bit seed from a seed and names.

    >>> child_seed(0, "propose", 3) == child_seed(0, "propose", 3)
    True
    >>> child_seed(0, "propose", 3) == child_seed(0, "propose", 4)
    False
    """
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def child(seed: int, *names: str | int) -> np.random.Generator:
    """Make a generator seeded with `child_seed`."""
    return np.random.default_rng(child_seed(seed, *names))
