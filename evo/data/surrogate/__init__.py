"""Data of the surrogate: losses of the baselines, see `evo.studies.tabular.surrogate.landscape`."""
