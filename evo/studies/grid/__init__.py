"""Grids of campaigns (`evo study`): what a study file says, its plan, and its run."""
