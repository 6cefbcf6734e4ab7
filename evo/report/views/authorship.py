"""The table of operators and language models, and one line on what requests cost."""

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.messages import Spent
from evo.report.views.narrow import Fitted


def authorship_table(facts: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> RenderableType:
    """One row per operator, and one per model.

    Args:
        facts: see `authorship_facts`.
    """
    table = Table(
        title="Operators and models; mean and best B-WR of the candidates trained in full",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 0, 0, 1),  # no wider than a terminal of 80 columns, names and figures whole
    )
    # A long name of a model takes two lines, so that no figure is cut.
    table.add_column("by", overflow="fold", max_width=24)
    names = ("made", "valid", "new", "trained", "full", "B-WR", "best", "cost")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for author_type in ("operators", "models"):
        for name, row in facts[author_type].items():
            table.add_row(
                Text(name),
                *(str(row[key]) for key in ("proposed", "valid", "new", "evaluated", "full")),
                *(_rate(row[key]) for key in ("b_wr_mean", "b_wr_best")),
                _dollars(row["cost_usd"]),
            )
        table.add_section()
    return Fitted(table)


def spent_line(spent: Spent) -> str:
    """Requests, tokens and cost of all models together on one line; empty without requests.

    >>> spent_line(Spent(12, 0, 1, 34_000, 5_600, 0.0123))
    'Language models: 12 requests, 1 given up, 34,000 + 5,600 tokens, $0.0123.'
    >>> spent_line(Spent(replayed=9))
    'Language models: 9 replies of another campaign, nothing spent.'
    >>> spent_line(Spent(2, 0, 0, 30, 4, 0.5, unpriced=1))
    'Language models: 2 requests, 30 + 4 tokens, $0.5000 and 1 reply of unknown price.'
    """
    parts = [f"{spent.replayed:,} replies of another campaign"] * bool(spent.replayed)
    if spent.requests:
        parts += [f"{spent.requests:,} requests"]
        parts += [f"{spent.given_up:,} given up"] * bool(spent.given_up)
        parts += [f"{spent.prompt_tokens:,} + {spent.completion_tokens:,} tokens"]
        unknown = f"{spent.unpriced:,} {'reply' if spent.unpriced == 1 else 'replies'}"
        costs = [_dollars(spent.cost_usd)] * bool(spent.cost_usd)
        costs += [f"{unknown} of unknown price"] * bool(spent.unpriced)
        parts += [" and ".join(costs)] * bool(costs)
    elif parts:
        parts += ["nothing spent"]
    return f"Language models: {', '.join(parts)}." if parts else ""


def _dollars(value: float | None) -> str:
    """Four decimals below 10 dollars, two above; a dash for nothing.

    >>> _dollars(0.00123), _dollars(123.456), _dollars(0.0), _dollars(None)
    ('$0.0012', '$123.46', '–', 'unknown')
    """
    if value is None:
        return "unknown"
    if not value:
        return "–"
    return f"${value:.4f}" if value < 10 else f"${value:,.2f}"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
