"""Language model providers: one file per provider, found by its name in the configuration."""
