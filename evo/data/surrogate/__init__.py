"""Data of the surrogate: losses of the baselines, see `evo.tabular.surrogate.landscape`."""
