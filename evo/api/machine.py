"""The machine that evo runs on: its walls under attack, its arithmetic, its sandbox for others."""

from typing import Any

from evo.compute.products import examine_products
from evo.validation import doctor
from evo.validation.sandbox import connection, elsewhere


def examine_machine() -> dict[str, Any]:
    """The JSON document of `evo doctor --json`: walls under harmless attacks, and products."""
    return {**doctor.examine(), "products": examine_products()}


def serve_sandbox() -> None:
    """Trace generated code for an evo on another machine, over standard input and output."""
    elsewhere.serve(connection.zygote_command())
