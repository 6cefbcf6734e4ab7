"""The tabular benchmark: search strategies compared by look-up in a pool."""
