def normalize(x, gain, shift):
    return x
