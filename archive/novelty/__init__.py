"""The novelty archive: descriptors, nearest neighbours and N-scores."""
