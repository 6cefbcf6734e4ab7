"""All campaigns of a folder at a glance: state, best, spending, time.

A campaign is read through the columns of its records, without making a record of each, so that a
folder of long campaigns is listed in seconds. One that is damaged is listed with the reason.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from archive.history.hours import read_hours
from archive.history.live_status import read_live_status
from archive.history.reader import Reader
from archive.history.replies import Replies
from archive.store.tables import Schema, unpack_table
from evo.core.errors import HistoryError
from evo.core.performance import RUNG_GAP
from evo.core.records import ABLATION_OPERATOR, BASELINE_OPERATOR
from evo.report.facts.figures import figure_facts, names_of_shipped, trials_of_first
from evo.report.facts.spend import spent_facts
from evo.report.facts.status import state_of

_COLUMNS: Schema = {
    "id": str,
    "operator": str,
    "generation": int,
    "rung": int,
    "margin": float,
    "b_wr": float,
    "has_score": bool,
    "has_novelty": bool,
}


def runs_facts(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """The JSON document of `evo list runs --json`: one entry per campaign, those last written last.

    Args:
        folders: of the campaigns.
    """
    return sorted((_facts(folder) for folder in folders), key=lambda facts: facts["changed"])


def _facts(folder: Path) -> dict[str, Any]:
    written = max(path.stat().st_mtime for path in folder.iterdir() if path.exists())
    changed = datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds")
    named = {"name": folder.name, "folder": str(folder), "changed": changed}
    try:
        history = Reader.read(folder)
        state = state_of(history)
        live = read_live_status(folder) if state == "running" else None
        return {
            **named,
            "state": state,
            "kind": history.config["kind"],
            "tasks": list(history.config["tasks"]),
            "seed": history.config["seed"],
            "generation": history.generation,
            "generations": history.config["generations"],
            "seconds_left": live["seconds_left"] if live else None,
            **_results(history),
            "hours": read_hours(folder),
            "llm": spent_facts(Replies.read(folder, campaign=history.id).total),
            "problem": None,
        }
    except HistoryError as error:
        return {**named, "state": "damaged", "problem": str(error)}


def _results(history: Reader) -> dict[str, Any]:
    """Number of candidates proposed and evaluated here, and the best of all with its figures."""
    proposed = evaluated = best_place = 0
    best: Mapping[str, Any] | None = None
    worth = -math.inf
    blocks = history.records.blocks()
    rows = chain.from_iterable(unpack_table(block, "record", _COLUMNS) for block in blocks)
    for place, values in enumerate(rows):
        row = dict(zip(_COLUMNS, values, strict=True))
        if row["operator"] in (BASELINE_OPERATOR, ABLATION_OPERATOR):
            continue
        is_ours = row["generation"] > 0
        proposed += is_ours
        evaluated += is_ours and row["has_score"]
        if row["has_novelty"] and (here := RUNG_GAP * row["rung"] + row["margin"]) > worth:
            best, best_place, worth = row, place, here
    figures: list[dict[str, Any]] = []
    if best is not None:
        names = names_of_shipped(history.config["kind"])
        record = history.records[best_place]
        figures = figure_facts(record, trials_of_first(history.records), names)
    return {
        "proposed": proposed,
        "evaluated": evaluated,
        "best": best and {key: best[key] for key in ("id", "rung", "margin", "b_wr")},
        "figures": figures,
    }
