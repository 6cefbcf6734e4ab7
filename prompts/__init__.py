"""Prompts for language models: Jinja templates, one per strategy, and the lines that fill them."""

from evo.core.namesakes import load_packages

load_packages()
