"""Pools: candidates that were all trained in full, see `evo.reward.pool`."""
