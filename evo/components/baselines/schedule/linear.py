def schedule(t):
    return 1 - t
