"""Confirm the best of each cell on fresh seeds: the last step of a study, with a budget of its own.

Choosing the best of many makes it look better than it is. Its training is repeated on seeds that no
search used, beside the baselines, which cells that train alike share.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from archive.history.confirmations import newest_of, used_seconds
from archive.history.reader import Reader
from evo.campaign.config import Config
from evo.compute.workers import Workers
from evo.core.errors import BudgetReachedError, EvoError
from evo.core.records import Record
from evo.core.worth import leaders_by_worth
from evo.report.facts.front import fully_evaluated
from evo.studies.confirm import OnTraining, carry_out
from evo.studies.confirm_plan import plan
from evo.studies.grid.cells import Cell
from evo.studies.grid.running import Failure
from evo.studies.grid.study import Confirming


class _Open(NamedTuple):
    """A cell with candidates that are not confirmed yet."""

    history: Reader
    best: Sequence[Record]


def confirm_cells(
    confirming: Confirming,
    cells: Sequence[Cell],
    folder: Path,
    *,
    watch: OnTraining,
    workers: Callable[[Config], Workers] | None = None,
) -> list[Failure]:
    """Confirm the best of every finished cell that were not confirmed before.

    Args:
        confirming: how.
        cells: of the study, in the order in which they are confirmed.
        folder: of the study.
        watch: told of every training of a cell.
        workers: starts the workers, as `process.workers` does.

    Returns:
        The cells that could not be confirmed, with the reason.
    """
    failures: list[Failure] = []
    for name, (history, best) in _open_cells(confirming, cells, folder):
        used_s = sum(used_seconds(folder / cell.name) for cell in cells)
        limit_s = 3600 * confirming.hours - used_s if confirming.hours else float("inf")
        if limit_s <= 0:
            failures.append(Failure(name, "the hours of confirmation are used up (confirm.hours)"))
            continue
        try:
            chosen = plan(
                history,
                top=0,
                epochs=confirming.epochs,
                seeds=confirming.seeds,
                extra_tasks=confirming.tasks,
                chosen=best,
            )
            siblings = [folder / cell.name for cell in cells if cell.name != name]
            carry_out(chosen, watch, siblings=siblings, limit_s=limit_s, workers=workers)
        except BudgetReachedError as error:
            failures.append(Failure(name, f"{error} (confirm.hours)"))
        except EvoError as error:
            failures.append(Failure(name, str(error)))
    return failures


def _open_cells(
    confirming: Confirming, cells: Sequence[Cell], folder: Path
) -> Iterator[tuple[str, _Open]]:
    for cell in cells:
        place = folder / cell.name
        if not (place / "campaign.json").exists():
            continue
        history = Reader.read(place)
        if history.generation < cell.config.generations:
            continue
        full = fully_evaluated([record for record in history.records if record.is_proposal])
        best = leaders_by_worth(full)[: confirming.best] if full else []
        if best and any(newest_of(place, record.id) is None for record in best):
            yield cell.name, _Open(history, best)
