"""Types of numpy arrays that modules exchange."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""An array of numbers; the shape is given where it is used."""

Indices = NDArray[np.int64]
"""Indices into another array, (k,) unless said otherwise."""
