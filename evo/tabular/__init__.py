"""The tabular benchmark: strategies that choose what to evaluate, compared by look-up in a pool."""
