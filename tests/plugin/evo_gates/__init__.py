"""Additions of a package outside evo: a kind of its own, and a task."""
