"""Evaluation: measure candidates by training them on tasks and comparing them with baselines.

`rungs` runs the candidates through the rungs of a `protocol`; `race` stops hopeless ones early.
`training` turns one graph into trials, `statistics` turns trials into win rates with intervals.
A `panel` of components with known results judges the evaluator itself.
"""
