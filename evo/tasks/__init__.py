"""What components are measured on: one file a task (data, split, networks)."""
