"""Variation: operators that turn parents into new source, and the portfolio that chooses one.

One file an operator; `tree/` holds what the syntax-tree operators share.
"""
