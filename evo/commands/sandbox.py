"""`evo sandbox`."""


def sandbox() -> None:
    """Trace generated code for an evo on another machine, over standard input and output.

    There, EVO_SANDBOX holds the command that calls this one, such as: ssh worker evo sandbox.
    """
    from evo.api.machine import serve_sandbox

    serve_sandbox()
