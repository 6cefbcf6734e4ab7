"""What is known for good: history on disk, novelty, Pareto fronts. Knows types, not the engine."""
