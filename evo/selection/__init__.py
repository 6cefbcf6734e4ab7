"""Survival and choice of parents: one file per strategy, and islands of populations."""
