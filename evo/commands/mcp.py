"""`evo mcp`."""

from pathlib import Path
from typing import Annotated

import typer

from evo.core.errors import UsageError
from evo.core.places import RUNS


def mcp(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of campaigns; by default runs/.")
    ] = None,
    *,
    allow_control: Annotated[
        bool,
        typer.Option("--allow-control", help="Also let agents steer campaigns, as evo ctl does."),
    ] = False,
) -> None:
    """Serve campaigns to coding agents over MCP, on standard input and output; read-only."""
    try:
        from evo.commands.agents.server import server
    except ModuleNotFoundError as missing:
        raise UsageError(f"evo mcp needs {missing.name}: pip install 'evo-search[mcp]'.") from None
    server(RUNS if folder is None else folder, allows_control=allow_control).run("stdio")
