"""Tables that scikit-learn comes with, read without importing it, which takes a second."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from evo.core.arrays import Floats


def read_bundled_table(name: str, *, header_rows: int = 0) -> Floats:
    """The numbers of a table, (rows, columns).

    Args:
        name: of a file in scikit-learn's folder of data.
        header_rows: rows to skip.
    """
    package = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "datasets" / "data" / name
    return np.loadtxt(path, delimiter=",", skiprows=header_rows)
