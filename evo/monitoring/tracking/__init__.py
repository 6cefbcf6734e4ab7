"""Experiment trackers: a campaign's metrics, tables, pictures and best source, logged elsewhere."""
