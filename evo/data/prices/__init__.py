"""The price table of common language models, with its date."""
