"""A pool: a table of candidates that were all trained in full, to look results up in.

A parquet file, one row per candidate. All was measured once, so that ways to rank candidates, or to
choose which of them to train, can be compared in seconds. Graphs are included, since features are
computed from them; they passed the sandbox once, and the same strict reader reads them.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from evo.core.errors import UsageError
from evo.core.estimate import Estimate
from evo.core.fields import RECORD_FIELDS, record_row
from evo.core.records import Candidate, Record, Score, Status
from evo.core.stages import Stage

POOL_KIND, POOL_TASK = "activation", "digits"
"""Kind and task of the pool that comes with evo, and of files that name none."""

_COLUMNS = (
    *("source", "operator", "rung", "b_wr", "b_wr_low", "b_wr_high"),
    *("bsota_wr", "bsota_wr_low", "bsota_wr_high", "margin", "seconds"),
)
"""The fields of a record that a pool keeps, see `evo.core.fields`."""
_ARROW_TYPES = {str: pa.string(), int: pa.int32(), float: pa.float32()}
POOL_SCHEMA: Any = pa.schema(
    [
        ("id", pa.string()),
        *(
            (field.name, _ARROW_TYPES[field.cell])
            for field in RECORD_FIELDS
            if field.name in _COLUMNS
        ),
        ("depth", pa.int32()),
        ("graphs", pa.list_(pa.string())),
    ]
)


def write_pool(
    path: Path,
    records: Sequence[Record],
    depths: Sequence[int],
    *,
    kind: str = POOL_KIND,
    task: str = POOL_TASK,
) -> None:
    """Write evaluated records as a pool.

    Args:
        path: an existing file is replaced.
        records: in the order of the rows.
        depths: number of generations between each and the baselines.
        kind: of the records.
        task: that features are taken on.
    """
    rows = [
        {**record_row(record), "depth": depth, "graphs": record.graphs}
        for record, depth in zip(records, depths, strict=True)
    ]
    schema = POOL_SCHEMA
    if (kind, task) != (POOL_KIND, POOL_TASK):
        schema = POOL_SCHEMA.with_metadata({"kind": kind, "task": task})
    table = pa.Table.from_pylist(rows, schema=schema)
    parquet.write_table(table, path, compression="zstd", compression_level=19)


def read_pool(path: Path | None = None) -> list[Record]:
    """The records of a pool, evaluated and without trials; by default the one that comes with evo.

    Raises:
        UsageError: the file cannot be read, or lacks a column.
    """
    source = path or Path(str(resources.files("evo.data.pools") / f"{POOL_KIND}.parquet"))
    try:
        kind, _ = pool_grounds(source)
        rows = parquet.read_table(source, schema=POOL_SCHEMA).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"Pool {source}: cannot be read ({error}).") from None
    return [_record(row, kind) for row in rows]


def pool_grounds(path: Path) -> tuple[str, str]:
    """Kind and task of a pool."""
    metadata = parquet.read_schema(path).metadata or {}
    kind, task = metadata.get(b"kind"), metadata.get(b"task")
    return (kind.decode() if kind else POOL_KIND, task.decode() if task else POOL_TASK)


def _record(row: dict[str, Any], kind: str) -> Record:
    score = Score(
        row["rung"],
        (),
        Estimate(row["b_wr"], row["b_wr_low"], row["b_wr_high"]),
        Estimate(row["bsota_wr"], row["bsota_wr_low"], row["bsota_wr_high"]),
        Estimate(row["margin"], -3.0, 3.0),  # a pool keeps no interval of it
        {},
    )
    return Record(
        Candidate.of(kind, row["source"], operator=row["operator"]),
        0,
        Status.EVALUATED,
        Stage.EVALUATE,
        graphs=tuple(row["graphs"]),
        score=score,
        seconds=row["seconds"],
    )
