"""Checks of a campaign's files, and repair of damaged ones."""
