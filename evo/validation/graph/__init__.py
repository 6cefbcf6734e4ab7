"""Graphs: a traced component as data, allowed tensor operators only.

In the sandbox's child, `tracer` runs a source, `recorder` records its operators and `writer` writes
them as text (`encoding`). In the engine, `document` reads that text strictly, and `graph` makes it
callable. Both sides share `allowed`, `arguments` and `sizes`.
"""
