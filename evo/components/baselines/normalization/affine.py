def normalize(x, gain, shift):
    """A gain and a shift for each feature, and no statistics."""
    return gain * x + shift
