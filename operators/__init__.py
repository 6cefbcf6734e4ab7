"""Variation: operators that turn parents into new source, and the portfolio that chooses one."""
