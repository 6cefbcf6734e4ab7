def glu(gate, value):
    """Product of the halves, Mnih & Hinton 2007; Shazeer 2020, arXiv 2002.05202."""
    return gate * value
