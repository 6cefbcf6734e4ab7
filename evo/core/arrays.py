"""Types of numpy arrays that cross the borders of modules."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""An array of numbers; the shape stands where it is used."""
