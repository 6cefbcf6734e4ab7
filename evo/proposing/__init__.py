"""Proposing: operators are drawn and language models asked for a generation's candidates."""
