"""The card of a study's data set: what it holds, how it was made, how it is read."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from evo.core.fields import RECORD_FIELDS, TRIAL_FIELDS
from evo.report.facts.exported import EXPORTED
from evo.studies.grid.benches import Bench

_CELLS = {
    "levels": "JSON: level by axis",
    "settings": "JSON: settings that decide results",
    "models": "JSON: language models that were asked",
    "versions": "JSON: versions that it ran on",
    "proposed": "candidates proposed",
    "evaluated": "candidates trained and archived",
    "requests": "requests to language models",
    "tokens": "tokens of prompts and replies",
    "cost_usd": "dollars paid; null where a price is unknown",
    "processor_hours": "of trainings; one that counts from another cell costs none",
    "best": "id of the best candidate trained in full",
    "confirmed_log_ratio": "log of the strongest baseline's loss over its own, trained longer "
    "on fresh seeds; above 0 it wins",
    "confirmed_low": "lower end of its 95 % interval",
    "confirmed_high": "upper end of its 95 % interval",
    "confirmed_p": "of a result like that without an advantage, corrected over all cells",
}
_FURTHER = {
    "depth": "generations of edits from the baselines",
    "origin": "collection that it is from",
    "margins": "mean margin on each network of the task",
    "cell": "campaign of the study",
    "graphs": "traced graphs as JSON, one per kind of a combination",
    "behaviour": "outputs on the kind's probe, standardised by its baselines",
}
"""Columns of several files that are no field of a record."""
_RECORDS = {field.name: field.description for field in (*RECORD_FIELDS, *EXPORTED)}
_BY_FILE = {
    "cells.parquet": _CELLS,
    "trials.parquet": {field.name: field.description for field in TRIAL_FIELDS},
}
"""Descriptions that differ from those of a record's column of the same name."""
_LOADING = """import pandas as pd

candidates = pd.read_parquet("candidates.parquet")
cells = pd.read_parquet("cells.parquet")
trained = candidates[candidates.status.eq("EVALUATED") & candidates.operator.ne("baseline")]
print(trained.groupby("cell").margin.describe())
"""


def data_card(
    facts: Mapping[str, Any],
    rows: Mapping[str, int],
    schemas: Mapping[str, Any],
    benches: Sequence[Bench],
    *,
    licence: str,
) -> str:
    """The text of the README.

    Args:
        facts: see `study_facts`.
        rows: number of rows by file.
        schemas: Arrow schema by file.
        benches: benchmarks that were made of it, or could not be.
        licence: identifier of its licence.
    """
    cells = facts["cells"]
    axes = list(cells[0]["levels"])
    unfinished = [cell["name"] for cell in cells if cell["state"] != "finished"]
    head = ["---", f"license: {licence}", f"pretty_name: {facts['name']}", "configs:"]
    for name in ("candidates", "trials", "cells"):
        head += [f"- config_name: {name}", f"  data_files: {name}.parquet"]
    lines = [
        *head,
        "---",
        "",
        f"# {facts['name']}",
        "",
        f"Components of machine learning, proposed and trained by evo {version('evo-search')} in a "
        f"study of {len(cells)} cells ({' × '.join(axes)}): "
        f"{sum(cell['proposed'] for cell in cells):,} proposed, "
        f"{sum(cell['evaluated'] for cell in cells):,} trained.",
        "Each cell is a campaign with one level per axis. A candidate was checked, traced to a "
        "graph of tensor operators, and trained beside known components (the baselines) on the "
        "same seeds.",
        "Margins of the best are too high, since they were chosen by them; a win rate compares "
        "trials of one protocol alone.",
    ]
    if unfinished:
        lines += ["", f"Not finished when this was written: {', '.join(unfinished)}."]
    lines += [
        "",
        f"Licence: {licence}. Sources that a language model wrote may be under its terms.",
        "",
        "## Read it",
        "",
        "```python",
        _LOADING.rstrip(),
        "```",
        "",
        "Any parquet reader works; evo is not needed. `sha256sum -c SHA256SUMS` checks the files. "
        "Sources are untrusted code: read them, do not run them outside a sandbox.",
        "",
        "## Benchmarks",
        "",
    ]
    for bench in benches:
        if bench.rows:
            lines.append(f"- {bench.name}, {bench.rows:,} candidates: `{bench.command}`")
        else:
            lines.append(f"- No {bench.name}: {bench.why}.")
    lines += [
        "",
        "Candidates of a search that selects are no random sample. The surrogate takes kernel and "
        "noise from evo's own, which were fitted to trainings of 10 epochs.",
    ]
    for name, count in rows.items():
        lines += [
            "",
            f"## {name}",
            "",
            f"{count:,} rows.",
            "",
            "| column | type | |",
            "|---|---|---|",
        ]
        lines += [
            f"| {field.name} | {field.type} | {_words(name, field.name)} |"
            for field in schemas[name]
        ]
    return "\n".join(lines) + "\n"


def _words(file: str, column: str) -> str:
    """Description of a column of a file."""
    if column.startswith("axis_"):
        return f"level of the axis {column.removeprefix('axis_')}"
    return (_FURTHER | _RECORDS | _BY_FILE.get(file, {})).get(column, "")
