"""Variation: operators that turn parents into new source, and the portfolio that chooses one.

One file per operator; `tree/` and `llm/` hold what operators of a family share.
"""

from evo.core.namesakes import load_packages

load_packages()
