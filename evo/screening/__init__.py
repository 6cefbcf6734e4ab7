"""Screening: chance, or a learned reward model, decides which candidates are trained."""
