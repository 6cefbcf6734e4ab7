"""Component kinds: one file per kind, with its baselines as source files in `baselines/<kind>/`."""
