"""What `import evo` offers: running, resuming and reading campaigns, and judging single files."""
