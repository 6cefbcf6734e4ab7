"""Shares of a study's budget: each round divides what is left equally among the open cells.

A cell that needs little leaves the rest to the others, and one that was stopped by its share goes
on in the next round. The shares of a round are written down before they act, so that a study that
was killed goes on with the same ones. All cells together never get more than the budget, also where
cells are added after a part of it was spent.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from archive.history.hours import read_seconds
from archive.history.reader import Reader
from archive.store import disk
from evo.core.records import Status
from evo.llm.models import read_replies
from evo.llm.settings import LlmBudget
from evo.studies.grid.cells import Cell

BudgetLimits = Mapping[str, float]
"""Limits of a cell's whole campaign, by the names of `LlmBudget`; 0 allows nothing."""

SHARES_FILE = "shares.json"
_OF_MODELS = ("requests", "tokens", "dollars")
"""Limits that only cells with language models can use up."""


class _Kept(BaseModel):
    """The shares of the round in progress, as they are on disk."""

    budget: dict[str, float]
    round: int
    limits: dict[str, dict[str, float]]


class Shares:
    """The shares of each round of a study.

    Args:
        budget: of the whole study.
        cells: all of them.
        folder: of the study.
    """

    def __init__(self, budget: LlmBudget, cells: Sequence[Cell], folder: Path) -> None:
        self._budget = budget
        self._cells = cells
        self._folder = folder

    @property
    def are_limits(self) -> bool:
        """True if the study has a budget at all."""
        return any(limit for _, limit in self._budget)

    def begin(self, number: int) -> Mapping[str, BudgetLimits] | None:
        """Begin a round, or go on with it.

        Args:
            number: of the round.

        Returns:
            Limits by cell; None where the round was over before the study was interrupted.
        """
        if not self.are_limits:
            return {cell.name: {} for cell in self._cells}
        limits = {name: float(limit) for name, limit in self._budget}
        kept = self._kept()
        if (
            kept is not None
            and kept.round >= number
            and kept.budget == limits
            and kept.limits.keys() == {cell.name for cell in self._cells}
        ):
            return kept.limits if kept.round == number else None
        now = _Kept(
            budget=limits, round=number, limits=divided(self._budget, self._cells, self._folder)
        )
        disk.replace(self._folder / SHARES_FILE, now.model_dump_json().encode())
        return now.limits

    def end(self) -> None:
        """Forget the shares when all rounds are over: another call divides what is left then."""
        (self._folder / SHARES_FILE).unlink(missing_ok=True)

    def _kept(self) -> _Kept | None:
        """The shares on disk; None where there are none, or they are damaged."""
        try:
            return _Kept.model_validate(json.loads((self._folder / SHARES_FILE).read_bytes()))
        except (OSError, ValueError, ValidationError):
            return None


def divided(budget: LlmBudget, cells: Sequence[Cell], folder: Path) -> dict[str, dict[str, float]]:
    """Divide what is left of each limit equally among the cells that are open and can use it.

    Args:
        budget: of the whole study.
        cells: all of them.
        folder: of the study.

    Returns:
        Limits by cell, what it has used included.
    """
    used = {cell.name: used_by(folder / cell.name) for cell in cells}
    opened = [cell for cell in cells if not _is_finished(cell, folder)]
    limits: dict[str, dict[str, float]] = {cell.name: {} for cell in cells}
    for name, limit in budget:
        users = [cell for cell in opened if name not in _OF_MODELS or cell.config.llm.models]
        if not limit or not users:
            continue
        left = max(limit - sum(amounts.get(name, 0) for amounts in used.values()), 0)
        part = left // len(users) if isinstance(limit, int) else left / len(users)
        for cell in users:
            limits[cell.name][name] = used[cell.name].get(name, 0) + part
    return limits


def used_by(place: Path) -> dict[str, float]:
    """Amounts that a cell's campaign has used, by limit; empty before it began."""
    if not (place / "campaign.json").exists():
        return {}
    history = Reader.read(place)
    spent = read_replies(history).total
    return {
        "requests": spent.requests,
        "tokens": spent.prompt_tokens + spent.completion_tokens,
        "dollars": spent.cost_usd,
        "hours": read_seconds(place) / 3600,
        "trainings": sum(
            record.status in (Status.EVALUATED, Status.FAILED)
            for record in history.records
            if record.is_proposal and not record.is_inherited
        ),
    }


def limited(budget: LlmBudget, limits: BudgetLimits) -> LlmBudget:
    """A campaign's own budget with the limits of the study that are lower."""
    kinds = {name: type(limit) for name, limit in budget}
    lower = {
        name: kinds[name](limit)
        for name, limit in limits.items()
        if not getattr(budget, name) or limit < getattr(budget, name)
    }
    return budget.model_copy(update=lower)


def _is_finished(cell: Cell, folder: Path) -> bool:
    place = folder / cell.name
    if not (place / "campaign.json").exists():
        return False
    return Reader.read(place).generation >= cell.config.generations
