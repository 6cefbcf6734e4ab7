"""Run a study: cells advance in turn, each in its own campaign, all in one folder.

A cell's campaign stops after its part of a round and is resumed in the next, so that a study that
ends early is balanced. What cells have in common is in `evo.studies.grid.sharing`, how they
divide a budget in `evo.studies.grid.shares`.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from archive.folders import STUDY_FILE
from archive.history.reader import Reader
from archive.store import disk
from evo.api.listener import Listener
from evo.api.opening import reopen, start
from evo.api.working import work
from evo.campaign import changes, create, process
from evo.campaign.events import StopCause
from evo.campaign.progress import OnProgress
from evo.core.errors import EvoError, HistoryError, UsageError, Warn
from evo.studies.grid.cells import Cell
from evo.studies.grid.shares import BudgetLimits, Shares, limited
from evo.studies.grid.sharing import Siblings
from evo.studies.grid.study import Study

FORMAT = 1

Show = Callable[[str], AbstractContextManager[OnProgress]]
"""Opens a view of a campaign's progress, by its name."""


class Failure(NamedTuple):
    """A cell that could not go on, and why."""

    cell: str
    reason: str


def run_study(
    study: Study,
    cells: Sequence[Cell],
    folder: Path,
    *,
    show: Show,
    warn: Warn,
    unsafe_sandbox: bool = False,
    engine: Callable[..., None] = process.run_campaign,
) -> list[Failure]:
    """Run the cells of a study that are not finished, and return those that could not go on.

    Args:
        study: the study.
        cells: its cells.
        folder: of the study; campaigns that are in it go on.
        show: shows the progress of a campaign.
        warn: called with what is worth a warning.
        unsafe_sandbox: run generated code even where the kernel lacks a wall around it.
        engine: runs a campaign, as `process.run_campaign` does.

    Raises:
        UsageError: a cell was begun under other settings, or a configuration is wrong; nothing has
            been spent.
        KeyboardInterrupt: it was interrupted; everything is saved, and the same call goes on.
    """
    begin_study(cells, folder)
    shares = Shares(study.budget, cells, folder)
    advance = partial(
        _advance,
        siblings=Siblings(folder),
        folder=folder,
        warn=warn,
        unsafe_sandbox=unsafe_sandbox,
        engine=engine,
    )
    failed: dict[str, Failure] = {}
    out_of_budget: dict[str, Failure] = {}
    has_advanced = True
    for number in count(1):
        before = {
            cell.name: _generation(folder / cell.name) for cell in cells if cell.name not in failed
        }
        due = [
            cell
            for cell in cells
            if before.get(cell.name, math.inf) < cell.end_of_round(number, study.rounds)
        ]
        # Further rounds spend what some cells left, as long as it takes another one on.
        if number > study.rounds and not (due and has_advanced and shares.are_limits):
            break
        if not due or (limits := shares.begin(number)) is None:
            continue
        for cell in due:
            out_of_budget.pop(cell.name, None)
            last = cell.end_of_round(number, study.rounds)
            try:
                with show(cell.name) as watch:
                    reason = advance(cell, last=last, limits=limits[cell.name], watch=watch)
                if reason:
                    out_of_budget[cell.name] = Failure(cell.name, reason)
            except EvoError as error:
                reason = str(error)
                failed[cell.name] = Failure(cell.name, reason)
            if reason:
                warn(f"Cell {cell.name} stands still: {reason}")
        if number >= study.rounds:
            has_advanced = any(_generation(folder / c.name) > before[c.name] for c in due)
    shares.end()
    return [*failed.values(), *out_of_budget.values()]


def begin_study(cells: Sequence[Cell], folder: Path) -> None:
    """Check all cells, and write down what each is begun with; cells may be added later.

    Raises:
        UsageError: the folder is another study's, a cell was begun under other settings, or a
            configuration is wrong.
    """
    begun = read_cells(folder) if (folder / STUDY_FILE).exists() else {}
    wanted = {cell.name: json.loads(cell.config.model_dump_json()) for cell in cells}
    _expect_same_study(begun, cells, folder)
    for name, config in wanted.items():
        if name in begun and begun[name]["config"] != config:
            keys = ", ".join(_differing(begun[name]["config"], config))
            raise UsageError(
                f"Cell {name} was begun under other settings ({keys}). A study takes new levels, "
                "seeds and cells; to change what was begun, give the level another name."
            )
    checked: set[str] = set()
    for cell in cells:
        if cell.name not in begun:
            if (folder / cell.name / "campaign.json").exists():
                raise UsageError(
                    f"Expected no campaign at {folder / cell.name}: the study has not begun that "
                    "cell. Give the study another --name, or move the campaign."
                )
            text = cell.config.model_copy(update={"seed": 0}).model_dump_json()
            if text not in checked:
                create.check_config(cell.config)
                checked.add(text)
    folder.mkdir(parents=True, exist_ok=True)
    known = begun | {
        cell.name: {"levels": dict(cell.levels), "config": wanted[cell.name]} for cell in cells
    }
    document = json.dumps({"format": FORMAT, "cells": known}, indent=1)
    disk.replace(folder / STUDY_FILE, document.encode())


def _expect_same_study(
    begun: Mapping[str, Mapping[str, Any]], cells: Sequence[Cell], folder: Path
) -> None:
    """Raise a `UsageError` where a folder is that of another study."""
    if not begun:
        return
    axes = next(list(cell["levels"]) for cell in begun.values())
    if axes != list(cells[0].levels):
        raise UsageError(
            f"{folder} is a study with the axes {', '.join(axes)}, and the file has "
            f"{', '.join(cells[0].levels)}. An axis makes other cells of all: give the study "
            "another --name."
        )
    if not any(cell.name in begun for cell in cells):
        raise UsageError(
            f"{folder} is another study: none of its {len(begun)} cells is in the file. Give the "
            "study another --name."
        )


def read_cells(folder: Path) -> dict[str, dict[str, Any]]:
    """Levels and configuration of each cell of a study, by name.

    Raises:
        HistoryError: the file of the study is damaged.
    """
    path = folder / STUDY_FILE
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["format"] != FORMAT:
            raise HistoryError(
                f"{path}: expected format {FORMAT}, got {document['format']}: another version of "
                "evo wrote it."
            )
        return dict(document["cells"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HistoryError(f"{path}: expected the file of a study ({error}).") from error


def _advance(
    cell: Cell,
    *,
    siblings: Siblings,
    folder: Path,
    last: int,
    limits: BudgetLimits,
    watch: OnProgress,
    warn: Warn,
    unsafe_sandbox: bool,
    engine: Callable[..., None],
) -> str:
    """Run a cell up to a generation; why it cannot go on, or nothing."""
    place = folder / cell.name
    is_new = not (place / "campaign.json").exists()
    if exhausted := [name for name, limit in limits.items() if not limit]:
        return f"Budget reached: the {exhausted[0]} of the whole study are spent."
    budget = limited(cell.config.llm.budget, limits)
    llm = cell.config.llm.model_copy(update={"budget": budget})
    opened = (
        start(
            cell.config.model_copy(update={"llm": llm}),
            place,
            unsafe_sandbox=unsafe_sandbox,
            warn=warn,
        )
        if is_new
        else reopen(place, unsafe_sandbox=unsafe_sandbox, warn=warn)
    )
    with opened as history:
        if not is_new and limits:
            wanted = {f"llm.budget.{name}": limit for name, limit in budget if name in limits}
            changes.change(history, wanted, check=lambda _: None)  # it was checked when opened
        shared = siblings.shared_with(history, list(read_cells(folder)))
        engine = partial(engine, known=shared.trainings, replies=shared.replies, last=last)
        stopped = work(
            history,
            Listener(),
            watch,
            engine=engine,
            unsafe_sandbox=unsafe_sandbox,
            warn=warn,
        )
    return stopped.message if stopped.cause is StopCause.BUDGET else ""


def _generation(place: Path) -> int:
    """The last sealed generation of a cell; -1 where it has none."""
    return Reader.read(place).generation if (place / "campaign.json").exists() else -1


def _differing(one: Mapping[str, Any], other: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Dotted keys of the settings in which two configurations differ."""
    for key in sorted(one.keys() | other.keys()):
        first, second = one.get(key), other.get(key)
        if isinstance(first, dict) and isinstance(second, dict):
            yield from _differing(first, second, f"{above}{key}.")
        elif first != second:
            yield f"{above}{key}"
