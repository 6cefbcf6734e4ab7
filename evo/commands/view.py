"""`evo view`."""

import os
import sys
from typing import Annotated

import typer

from evo.commands.completion import complete_run
from evo.commands.console import err
from evo.core.errors import UsageError


def view(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN…",
            help="Campaigns, or folders of campaigns; by default all under runs/. They may come "
            "later.",
            autocompletion=complete_run,
        ),
    ] = None,
    *,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; any but this machine's own asks for a token."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option(help="Open the view in the browser.")] = True,
    allow_control: Annotated[
        bool,
        typer.Option(
            "--allow-control",
            help="Also steer running campaigns, as evo ctl does; the view then asks for a token.",
        ),
    ] = False,
) -> None:
    """Show campaigns in the browser, running or finished; Ctrl-C ends the view alone."""
    try:
        from evo.web.server import serve_view
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"evo view needs {missing.name}: pip install 'evo-search[view]'."
        ) from None

    def say(address: str) -> None:
        err.print(f"Serving {address}", soft_wrap=True, markup=False, highlight=False)
        err.print("Ctrl-C ends the view; campaigns go on.", markup=False, highlight=False)

    serve_view(
        runs or [],
        host=host,
        port=port,
        open_browser=browser,
        allow_control=allow_control,
        say=say,
    )
    # A thread may be reading HDF5: one that ends amid it keeps HDF5's lock, which Python's own end
    # would wait for, for ever. Nothing is left to be saved.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
