"""evo: an evolutionary search engine for machine-learning components."""

__version__ = "0.1.0"
