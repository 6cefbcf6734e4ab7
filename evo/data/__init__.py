"""Data files that ship with evo: presets, panels and pools."""
