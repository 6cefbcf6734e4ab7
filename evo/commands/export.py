"""`evo export`."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from evo.commands.console import err, read_run
from evo.commands.options import RunName
from evo.commands.streams import closed
from evo.core.errors import UsageError


def export(
    run: RunName,
    *,
    format: Annotated[str, typer.Option(help="Format: csv, parquet, jsonl or hdf5.")] = "csv",  # noqa: A002
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write; by default standard output."),
    ] = None,
) -> None:
    """Export a campaign as a table with one row per record, or as one HDF5 file of everything."""
    from archive.history import export as tables
    from archive.history import single_file

    if output is None and "stdout" in closed:
        raise UsageError("Standard output is closed: name a file with --output.")
    if output is None and sys.stdout.isatty() and format in ("parquet", "hdf5"):
        raise UsageError(f"{format} is not for a terminal: name a file with --output.")
    history = read_run(run)

    def write(path: Path) -> int:
        if format == "hdf5":
            return single_file.write_single_file(history, path)
        return tables.export_records(history.records, path, format)

    if output is not None:
        err.print(f"{write(output)} records: {output}", soft_wrap=True, markup=False)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(path := Path(folder) / "records")
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
