"""Harmonics: a smooth synthetic function, tested where no training sample lies."""

import math

import numpy as np
import torch

from evo.core.arrays import Floats
from evo.core.seeds import child
from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.tasks.base import Data, Split, Task, tasks
from evo.tasks.objective import Regression

_INPUTS = 3
_HARMONICS = 6
_REACH = math.sqrt(3)
"""Inputs of training are uniform on [-√3, √3]: mean 0, deviation 1."""
_BEYOND = 1.25
"""Test inputs lie outside that cube and inside one larger by this factor."""
_TRAIN, _VALIDATION, _TEST = 512, 256, 512


@tasks.register("harmonics")
class Harmonics(Task):
    """512 points of a cube to train, 256 to pick the learning rate, 512 around it to test.

    y(x) = Σₖ aₖ sin(wₖ·x + φₖ) without noise, standardised on the training points. Validation
    lies inside the cube, since points outside must not pick the learning rate.
    """

    def load(self) -> Data:
        """The function and each split, each from a generator of its own name."""
        points = [_inside("train", _TRAIN), _inside("validation", _VALIDATION), _outside(_TEST)]
        values = [_harmonics(at) for at in points]
        mean, deviation = values[0].mean(), values[0].std()
        train, validation, test = (
            Split(
                torch.tensor(at, dtype=torch.float32),
                torch.tensor((value - mean) / deviation, dtype=torch.float32).unsqueeze(1),
            )
            for at, value in zip(points, values, strict=True)
        )
        return Data(train, validation, test, outputs=1, objective=Regression())

    def networks(self) -> dict[str, Network]:
        """A wide one and a deep one."""
        return {"mlp-64": Mlp((64,), "normal"), "mlp-32-32": Mlp((32, 32), "normal")}


def _harmonics(points: Floats) -> Floats:
    """Values (n,) at points (n, inputs)."""
    generator = child(0, "task", "harmonics", "function")
    waves = generator.normal(size=(_INPUTS, _HARMONICS))
    amplitudes = generator.normal(size=_HARMONICS)
    phases = generator.uniform(0, 2 * math.pi, size=_HARMONICS)
    return np.sin(points @ waves + phases) @ amplitudes


def _inside(split: str, samples: int) -> Floats:
    """Uniform in the cube of training: (samples, inputs)."""
    return child(0, "task", "harmonics", split).uniform(-_REACH, _REACH, (samples, _INPUTS))


def _outside(samples: int) -> Floats:
    """Around that cube: the largest coordinate is 1 to `_BEYOND` times the reach."""
    generator = child(0, "task", "harmonics", "test")
    directions = generator.uniform(-1, 1, (samples, _INPUTS))
    directions /= np.abs(directions).max(1, keepdims=True)
    return directions * _REACH * generator.uniform(1, _BEYOND, (samples, 1))
