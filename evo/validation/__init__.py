"""The walls between generated code and the engine.

A candidate's source is read by `policy`, run only inside a `sandbox` child that traces it, and
reaches the trainer as a `graph`: plain data over a table of allowed tensor operators.
"""
