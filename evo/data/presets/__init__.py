"""Ready configurations as TOML files; `evo list` shows them."""
