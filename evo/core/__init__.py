"""Data, syntax and services that every room shares: records, contract, errors, seeds, registries.

Imports no other package of evo.
"""
