"""`evo init`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from evo.commands.completion import complete_kind
from evo.commands.console import err, invoked_as, print_json
from evo.commands.options import JsonOption
from evo.studies.catalogue import expect_kind


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make, or one with your model.")],
    *,
    kind: Annotated[
        str, typer.Option(help="Kind to search (see evo list).", autocompletion=complete_kind)
    ] = "activation",
    data: Annotated[
        Path | None, typer.Option(help="A csv or parquet file; by default a synthetic table.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Its column to predict.")] = None,
    loop: Annotated[
        bool, typer.Option("--loop", help="Make a training loop of your own in place of data.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a project folder with a task of your own, a configuration and a test of the task."""
    expect_kind(kind)
    from evo.api.project import make_project

    files = make_project(folder, kind=kind, data=data, target=target, loop=loop)
    if as_json:
        print_json({"folder": str(folder), "files": [path.name for path in files]})
        return
    for path in files:
        err.print(str(path), soft_wrap=True, markup=False)
    run = f"{invoked_as()} run {shlex.quote(str(folder / 'evo.toml'))}"
    err.print(f"Next: {run}", soft_wrap=True, markup=False)
