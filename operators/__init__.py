"""Variation: operators that turn parents into new source, and the portfolio that chooses one.

One file an operator; `tree/` holds what the syntax-tree operators share.
"""

from evo.core.namesakes import load_packages

load_packages()
