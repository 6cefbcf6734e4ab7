"""Training of one component: networks, optimisers and the trials of a heat."""
