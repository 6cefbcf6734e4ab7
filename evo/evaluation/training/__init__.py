"""Training: run the trials of one component.

`trials` picks a learning rate and returns trials; `trainer` trains all copies of a network at once,
with `adam` or an evolved update `rule`; `kernels` replaces operators that are slow on a CPU.
"""
