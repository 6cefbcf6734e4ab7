"""What the asking operators share: how candidates are shown, replies read, replies constrained."""
