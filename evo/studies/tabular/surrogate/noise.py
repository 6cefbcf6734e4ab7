"""Noise of margins between seeds, as measured on 343 trained functions at ten seeds each.

The deviation of one trial is 0.2. It has four parts, each drawn from named seeds:

    shared   the same for all functions on a network and seed: split, weights, baselines' luck
    wide     shared by functions that compute similar things
    close    shared by functions that compute nearly the same
    own      of one graph, with heavy tails

A smooth part is a random Fourier expansion over the features (Rahimi & Recht 2007), so that the
measured correlation of two functions' results falls with their distance.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from evo.core.arrays import Floats
from evo.core.seeds import child

_SHARED = np.array(
    [
        [0.0192, 0.0019, 0.0000, 0.0056],
        [0.0019, 0.0141, 0.0038, 0.0088],
        [0.0000, 0.0038, 0.0057, 0.0043],
        [0.0056, 0.0088, 0.0043, 0.0118],
    ]
)
"""Covariance between networks of the shared part."""
_VARIANCE = np.array([0.0375, 0.0396, 0.0325, 0.0441])
"""Variance of one trial on each network, all parts together."""
_SMOOTH = ((0.25, 0.5), (0.35, 0.06))
"""Share of the variance that is not shared, and length in kernel distance, of wide and close."""
_TAILS = 6
"""Degrees of freedom of Student's t for the own part: kurtosis as measured."""
_TERMS = 256
NETWORKS = len(_VARIANCE)


def noise_basis(scaled: Floats) -> Floats:
    """Basis of the smooth parts (2, terms), from a function's features times inverse lengths."""
    return np.stack(
        [
            np.sqrt(2.0 / _TERMS) * np.cos(frequencies @ scaled / length + phases)
            for (_, length), (frequencies, phases) in zip(
                _SMOOTH, _frequencies(len(scaled)), strict=True
            )
        ]
    )


def margin_noise(basis: Floats, graphs: Sequence[str], seed: int) -> Floats:
    """Noise of a component's margin at a training seed: (networks,)."""
    shared, amplitudes = _draws(seed)
    smooth = np.einsum("pnt,pt->n", amplitudes, basis)
    digest = hashlib.sha256("\n".join(graphs).encode()).hexdigest()
    rng = child(seed, "landscape", "own", digest)
    heavy = rng.standard_t(_TAILS, NETWORKS) * np.sqrt((_TAILS - 2) / _TAILS)
    left = 1.0 - sum(share for share, _ in _SMOOTH)
    return shared + smooth + np.sqrt(left * (_VARIANCE - np.diag(_SHARED))) * heavy


@lru_cache(maxsize=4096)
def _draws(seed: int) -> tuple[Floats, Floats]:
    """Shared part (networks,) and amplitudes (parts, networks, terms) of a training seed."""
    rng = child(seed, "landscape", "noise")
    shared = np.linalg.cholesky(_SHARED) @ rng.standard_normal(NETWORKS)
    amplitudes = rng.standard_normal((len(_SMOOTH), NETWORKS, _TERMS))
    shares = np.array([share for share, _ in _SMOOTH])
    deviations = np.sqrt(shares[:, None] * (_VARIANCE - np.diag(_SHARED)))
    return shared, amplitudes * deviations[:, :, None]


@lru_cache(maxsize=4)
def _frequencies(count: int) -> list[tuple[Floats, Floats]]:
    """Frequencies (terms, d) and phases (terms,) of each smooth part."""
    draws: list[tuple[Floats, Floats]] = []
    for part in range(len(_SMOOTH)):
        rng = child(0, "landscape", "frequencies", part)
        draws.append((rng.standard_normal((_TERMS, count)), rng.uniform(0, 2 * np.pi, _TERMS)))
    return draws
