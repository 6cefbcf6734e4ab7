"""Tasks that components are measured on: one file per task (data, split, networks)."""
