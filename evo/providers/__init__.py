"""Where language models are asked: one file a provider, found by its name in the configuration."""
