"""Who survives a generation and who has offspring: one file a strategy, and islands of them."""
