"""Strategies of the tabular benchmark, one file each."""
