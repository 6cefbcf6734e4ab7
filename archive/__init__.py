"""What is known for good: history on disk, novelty, Pareto fronts. Knows types, not the engine."""

from evo.core.namesakes import load_packages

load_packages()
