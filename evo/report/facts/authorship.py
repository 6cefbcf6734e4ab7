"""Who made what: the funnel, the wins and the cost of each operator and each language model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from evo.core.messages import Spent
from evo.core.records import Record, Status


@dataclass
class _Work:
    """What one author has made so far."""

    proposed: int = 0
    valid: int = 0
    new: int = 0
    evaluated: int = 0
    cost_usd: float = 0.0
    top_rung: int = -1
    b_wrs: list[float] = field(default_factory=list[float])
    """Of those at the highest rung that any of its candidates reached."""

    def take(self, record: Record) -> None:
        self.proposed += 1
        self.valid += record.status is not Status.INVALID
        self.new += record.status not in (Status.INVALID, Status.DUPLICATE)
        self.cost_usd += record.cost_usd
        if record.score is None:
            return
        self.evaluated += 1
        if record.scored.rung > self.top_rung:
            self.top_rung, self.b_wrs = record.score.rung, []
        if record.score.rung == self.top_rung:
            self.b_wrs.append(record.score.b_wr.value)

    def facts(self, top: int) -> dict[str, Any]:
        full = self.b_wrs if self.top_rung == top else []
        return {
            "proposed": self.proposed,
            "valid": self.valid,
            "new": self.new,
            "evaluated": self.evaluated,
            "full": len(full),
            "b_wr_mean": sum(full) / len(full) if full else None,
            "b_wr_best": max(full, default=None),
            "cost_usd": self.cost_usd,
        }


def authorship_facts(records: Iterable[Record]) -> dict[str, dict[str, dict[str, Any]]]:
    """Facts by name, for `operators` and for `models`; win rates of those trained in full."""
    found: dict[str, dict[str, _Work]] = {"operators": {}, "models": {}}
    for record in records:
        if not record.is_proposal:
            continue
        candidate = record.candidate
        found["operators"].setdefault(candidate.operator, _Work()).take(record)
        if candidate.model:
            found["models"].setdefault(candidate.model, _Work()).take(record)
    top = max((work.top_rung for work in found["operators"].values()), default=-1)
    return {
        sort: {name: work.facts(top) for name, work in sorted(authors.items())}
        for sort, authors in found.items()
    }


def authorship_table(facts: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Table:
    """A row for each operator, and one for each model."""
    table = Table(
        title="Who made what: operators and models; mean and best B-WR of those trained in full",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 0, 0, 1),  # no wider than a terminal of 80 columns, names and figures whole
    )
    # A model's name may be long: it takes two lines rather than that a figure is cut.
    table.add_column("by", overflow="fold", max_width=24)
    names = ("made", "valid", "new", "trained", "full", "B-WR", "best", "cost")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for sort in ("operators", "models"):
        for name, row in facts[sort].items():
            table.add_row(
                Text(name),
                *(str(row[key]) for key in ("proposed", "valid", "new", "evaluated", "full")),
                *(_rate(row[key]) for key in ("b_wr_mean", "b_wr_best")),
                _dollars(row["cost_usd"]),
            )
        table.add_section()
    return table


def spent_line(spent: Spent) -> str:
    """What all models together have been asked for, on one line; empty where none was.

    >>> spent_line(Spent(12, 0, 1, 34_000, 5_600, 0.0123))
    'Language models: 12 requests, 1 given up, 34,000 + 5,600 tokens, $0.0123.'
    >>> spent_line(Spent(replayed=9))
    'Language models: 9 replies of another campaign, nothing spent.'
    """
    parts = [f"{spent.replayed:,} replies of another campaign"] * bool(spent.replayed)
    if spent.requests:
        parts += [f"{spent.requests:,} requests"]
        parts += [f"{spent.given_up:,} given up"] * bool(spent.given_up)
        parts += [f"{spent.prompt_tokens:,} + {spent.completion_tokens:,} tokens"]
        parts += [_dollars(spent.cost_usd)] * bool(spent.cost_usd)
    elif parts:
        parts += ["nothing spent"]
    return f"Language models: {', '.join(parts)}." if parts else ""


def _dollars(value: float) -> str:
    """Four places while they tell something.

    >>> _dollars(0.00123), _dollars(123.456), _dollars(0.0)
    ('$0.0012', '$123.46', '–')
    """
    if not value:
        return "–"
    return f"${value:.4f}" if value < 10 else f"${value:,.2f}"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
