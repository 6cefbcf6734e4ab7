"""Records as a table for other programs."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from evo.commands.options import RunName
from evo.console import err, read_run
from evo.errors import UsageError


def export(
    run: RunName,
    *,
    format: Annotated[str, typer.Option(help="csv, parquet or jsonl.")] = "csv",  # noqa: A002
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Default: stdout.")] = None,
) -> None:
    """All records of a campaign as a table, a row each."""
    from archive.export import export as write

    if output is None and sys.stdout.isatty() and format == "parquet":
        raise UsageError("parquet is not for a terminal: name a file with --output.")
    records = read_run(run).records
    if output is not None:
        write(records, output, format)
        err.print(f"{len(records)} records: {output}", soft_wrap=True, markup=False)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records"
        write(records, path, format)
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
