"""Search strategies as settings, one file each; they go on top of a preset or a configuration."""
