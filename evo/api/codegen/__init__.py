"""Components as code: one self-contained Python file per component, which needs torch alone.

`operators` writes one operator call, `functions` a graph as a function, `wrappers` the classes
around it, `component_file` the whole file, checked against the graph. The file is made from graphs
of allowed operators; a candidate's source stands in it as a comment and is never executed.
"""
