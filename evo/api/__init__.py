"""Public API of `import evo`: run, resume and read campaigns, and judge single files."""
