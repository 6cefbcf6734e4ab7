"""The way from a checked graph to a fitness: trials, training, rungs, win rates, workers."""
