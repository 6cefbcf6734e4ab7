"""Records, fields, errors, seeds and registries. Imports no other package of evo."""
