"""Pools: candidates that were all trained in full, see `evo.screening.pool`."""
