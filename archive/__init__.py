"""Persistent campaign state: on-disk history, the novelty archive and Pareto fronts.

Imports `evo.core` and nothing else of evo.
"""

from evo.core.namesakes import load_packages

load_packages()
