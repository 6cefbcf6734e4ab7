"""Shared parts of the asking operators: prompts, reading of replies, and grammars."""
