"""A study as a data set that others load without evo: tables in parquet, a card, checksums.

Nothing of the machine it ran on is in it: of the settings only those that decide results, without
addresses, keys, commands and paths.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from archive.history.export import Further, records_table
from archive.store import disk
from evo.core.errors import UsageError
from evo.core.fields import TRIAL_FIELDS
from evo.core.records import Record
from evo.report.facts.exported import exported_figures
from evo.report.facts.study import StudyCell, study_facts
from evo.studies.grid.benches import Bench, write_pools, write_surrogate
from evo.studies.grid.card import data_card
from evo.studies.grid.results import cells_in

CHECKSUMS = "SHA256SUMS"
_SETTINGS = (
    *("kind", "tasks", "seed", "generations", "population", "offspring", "trainings", "operators"),
    *("selection", "protocol", "reward", "feedback", "device"),
)
"""Settings that are published."""
_VERSIONS = ("evo", "python", "torch", "numpy")
_CONFIRMED = ("confirmed_log_ratio", "confirmed_low", "confirmed_high", "confirmed_p")
_CELL_SCHEMA: Any = pa.schema(
    [
        *((name, pa.string()) for name in ("cell", "levels", "settings", "models", "versions")),
        *((name, pa.int64()) for name in ("proposed", "evaluated", "requests", "tokens")),
        *((name, pa.float64()) for name in ("cost_usd", "processor_hours")),
        ("best", pa.string()),
        *((name, pa.float64()) for name in _CONFIRMED),
    ]
)
_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64()}
_TRIAL_SCHEMA: Any = pa.schema(
    [
        *((name, pa.string()) for name in ("cell", "id")),
        *((field.name, _ARROW[field.type]) for field in TRIAL_FIELDS),
    ]
)


class WrittenFiles(NamedTuple):
    """Files of an export, and the numbers of their rows.

    Attributes:
        rows: number of rows by file.
        benches: the benchmarks made of it, and why any could not be.
    """

    rows: Mapping[str, int]
    benches: Sequence[Bench]


def export_study(folder: Path, target: Path, *, licence: str) -> WrittenFiles:
    """Write the data set of a study, finished or not.

    Args:
        folder: of the study.
        target: a new or empty folder.
        licence: identifier for the card.

    Raises:
        UsageError: the target is not empty, or no cell has a sealed generation.
        HistoryError: a campaign is damaged, or the disk refused.
    """
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"Expected a new or empty folder for the data set, got {target}.")
    cells = [c for c in cells_in(folder) if c.reader is not None and c.reader.generation >= 0]
    if not cells:
        raise UsageError(f"Study {folder.name} has no sealed generation yet. Run it first.")
    facts = study_facts(folder.name, cells)
    with disk.writing(target):
        target.mkdir(parents=True, exist_ok=True)
    rows = {
        "candidates.parquet": _write(target / "candidates.parquet", map(_candidates, cells)),
        "trials.parquet": _write(target / "trials.parquet", map(_trials, cells)),
        "cells.parquet": _write(target / "cells.parquet", [_cells(cells, facts["cells"])]),
    }
    benches = [*write_pools(cells, target), write_surrogate(cells, target)]
    rows |= {bench.file: bench.rows for bench in benches if bench.rows}
    schemas = {name: parquet.read_schema(target / name) for name in rows}
    text = data_card(facts, rows, schemas, benches, licence=licence)
    disk.replace(target / "README.md", text.encode())
    names = sorted(str(p.relative_to(target)) for p in target.rglob("*") if p.is_file())
    sums = "".join(f"{_digest(target / name)}  {name}\n" for name in names)
    disk.replace(target / CHECKSUMS, sums.encode())
    return WrittenFiles(rows, benches)


def _write(path: Path, tables: Iterable[Any]) -> int:
    """Write tables of one schema one after the other; the number of rows."""
    count, writer = 0, None
    with disk.draft(path) as draft:
        try:
            for part in tables:
                writer = writer or parquet.ParquetWriter(draft, part.schema, compression="zstd")
                writer.write_table(part)
                count += len(part)
        finally:
            if writer is not None:
                writer.close()
    return count


def _candidates(cell: StudyCell) -> Any:
    """One row per record of a cell, baselines and refused ones too."""
    records = cell.records
    rows = records_table(records, further=_with_levels(cell))
    lists = {
        "graphs": pa.array([list(r.graphs) for r in records], pa.list_(pa.string())),
        "behaviour": pa.array(
            [r.behaviour_vector.tolist() for r in records], pa.list_(pa.float32())
        ),
    }
    for name, column in lists.items():
        rows = rows.append_column(name, column)
    return rows


def _with_levels(cell: StudyCell) -> Further:
    """The columns of exports, with the cell and its levels."""
    figures = exported_figures()
    of_cell = {"cell": cell.name, **{f"axis_{axis}": level for axis, level in cell.levels.items()}}

    def rows(records: Iterable[Record]) -> Iterator[tuple[Record, dict[str, Any]]]:
        return ((record, {**cells, **of_cell}) for record, cells in figures.rows(records))

    return Further({**figures.types, **dict.fromkeys(of_cell, str)}, rows)


def _trials(cell: StudyCell) -> Any:
    rows = [
        {"cell": cell.name, "id": record.id, **trial._asdict()}
        for record in cell.records
        if record.score is not None
        for trial in record.score.trials
    ]
    return pa.Table.from_pylist(rows, schema=_TRIAL_SCHEMA)


def _cells(cells: Sequence[StudyCell], rows: Sequence[Mapping[str, Any]]) -> Any:
    return pa.Table.from_pylist(list(map(_cell, cells, rows)), schema=_CELL_SCHEMA)


def _cell(cell: StudyCell, row: Mapping[str, Any]) -> dict[str, Any]:
    assert cell.reader is not None
    config, environment = cell.reader.config, cell.reader.environment
    kept = ("proposed", "evaluated", "requests", "tokens", "cost_usd", "processor_hours")
    models = [
        {key: model.get(key) for key in ("name", "model", "temperature", "max_tokens")}
        for model in config["llm"]["models"]
    ]
    return {
        "cell": cell.name,
        "levels": json.dumps(dict(cell.levels)),
        "settings": json.dumps({key: config[key] for key in _SETTINGS if key in config}),
        "models": json.dumps([_nameless(model) for model in models]),
        "versions": json.dumps({key: environment.get(key) for key in _VERSIONS}),
        **{key: row[key] for key in kept},
        "best": row["best"] and row["best"]["id"],
        **_confirmed(row["confirmed"]),
    }


def _confirmed(entry: Mapping[str, Any] | None) -> dict[str, float | None]:
    """The result of the best on fresh seeds; nulls where there is none."""
    if entry is None or entry["log_ratio"] is None:
        return dict.fromkeys(_CONFIRMED)
    values = (entry["log_ratio"], *entry["log_ratio_ci"], entry["p_study"])
    return dict(zip(_CONFIRMED, values, strict=True))


def _nameless(model: Mapping[str, Any]) -> dict[str, Any]:
    """A model without the path of its file."""
    return {**model, "model": Path(str(model["model"])).name}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk
