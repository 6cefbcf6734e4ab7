"""Validation: the walls between generated code and the engine.

A candidate's source passes four stages, in this order; `validator` runs them:

    policy     reads the syntax tree in the engine and gives early reasons; it is no wall
    sandbox    runs the source in a locked child process, the only place that executes it
    graph      traces it there, and reads the resulting text back as allowed tensor operators
    contract   checks the graph against the component kind (`evo.components`)

Only the graph goes on to training. Start reading at `validator`; `refusal` has the type of every
"no", and `doctor` proves the walls on this machine. Nothing here may execute, import or unpickle
what a candidate wrote, except the sandbox's child.
"""
