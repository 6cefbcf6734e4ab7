"""What can be evolved: one file a kind, its baselines as source files in `baselines/<kind>/`."""
