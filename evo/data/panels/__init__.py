"""Panels of components with known results after full training, one JSON file per kind."""
