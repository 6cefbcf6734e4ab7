"""Feedback: what a language model is shown of the results of a search."""
