"""Policy: which syntax and names a candidate's source may contain.

`rules` checks a source; `vocabulary` lists the allowed names. Both read, neither executes.
"""
