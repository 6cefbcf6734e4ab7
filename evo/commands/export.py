"""`evo export`."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evo.commands.console import err, read_run
from evo.commands.options import RunName
from evo.commands.streams import closed
from evo.core.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from archive.history.reader import Reader


def export(
    run: RunName,
    *,
    format: Annotated[str, typer.Option(help="Format: csv, parquet, jsonl or hdf5.")] = "csv",  # noqa: A002
    component: Annotated[
        str | None,
        typer.Option(help="Write this candidate alone, as code; an id or its beginning."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--as", metavar="module", help="Form of a component: a Python file."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write; by default standard output."),
    ] = None,
) -> None:
    """Export a campaign as a table, or as one HDF5 file; or one component as a Python file.

    A table has one row per record. With --component ID --as module, the file has the component and
    the class around it (nn.Module, Optimizer, ...), and needs torch alone.
    """
    from archive.history import export as tables
    from archive.history import single_file
    from evo.report.facts.exported import exported_figures

    if output is None and "stdout" in closed:
        raise UsageError("Standard output is closed: name a file with --output.")
    if output is None and sys.stdout.isatty() and format in ("parquet", "hdf5"):
        raise UsageError(f"{format} is not for a terminal: name a file with --output.")
    history = read_run(run)
    if component is not None:
        if form not in (None, "module"):
            raise unknown_name("form of a component", form, ["module"])
        _export_component(history, component, output)
        return
    if form is not None:
        raise UsageError("--as is the form of a component: name one with --component ID.")

    def write(path: Path) -> int:
        if format == "hdf5":
            return single_file.write_single_file(history, path)
        return tables.export_records(history.records, path, format, further=exported_figures())

    if output is not None:
        err.print(f"{write(output)} records: {output}", soft_wrap=True, markup=False)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(path := Path(folder) / "records")
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


def _export_component(history: "Reader", id_: str, output: Path | None) -> None:
    from archive.store import disk
    from evo.api.components import component_code
    from evo.report.facts.record import find_record

    source = component_code(history, find_record(history.records, id_))
    if output is None:
        sys.stdout.write(source)
        return
    disk.replace(output, source.encode())
    err.print(f"Component {id_}: {output}", soft_wrap=True, markup=False)
