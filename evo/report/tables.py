"""Tables for the terminal: the front with its sources, the baselines, one record, status."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from evo.report.summary import Front, record_facts
from evo.types import Record, Score, WinRate, normalise


def front_table(found: Front, *, most: int = 12) -> RenderableType:
    """The Pareto front with source, win rates and both N-scores, at most so many members."""
    table = Table(title="Pareto front: performance against novelty", title_justify="left")
    _score_columns(table)
    table.add_column("source")
    for record in found.members[:most]:
        table.add_row(
            *_cells(record), Syntax(body(record.candidate.source), "python", word_wrap=True)
        )
    left_out = len(found.members) - most
    notes = [Text(f"{left_out} more: evo pareto --json")] if left_out > 0 else []
    return Group(table, *notes)


def baseline_table(names: dict[str, str], baselines: Sequence[Record]) -> RenderableType:
    """The baselines on the same scale, each against the others; `names` by id."""
    table = Table(title="Baselines on the same scale", title_justify="left")
    _score_columns(table)
    table.add_column("baseline")
    for record in sorted(baselines, key=_rank):
        table.add_row(*_cells(record), names.get(record.id, record.candidate.operator))
    return table


def facts_table(facts: Mapping[str, Any]) -> RenderableType:
    """Names and values, nested ones indented by their name."""
    table = Table.grid(padding=(0, 2))
    for key, value in facts.items():
        if isinstance(value, Mapping):
            for inner, part in cast(Mapping[str, Any], value).items():
                table.add_row(f"{key}.{inner}", _text(part))
        else:
            table.add_row(key, _text(value))
    return table


def rows_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One row for each mapping, their keys as columns."""
    table = Table()
    for key in rows[0]:
        table.add_column(key, overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    return table


def catalogue_table(facts: Mapping[str, Mapping[str, str]]) -> RenderableType:
    """Sorts of things, each with its names and their descriptions."""
    table = Table.grid(padding=(0, 2))
    for sort, entries in facts.items():
        table.add_row(Text(sort, style="bold"))
        for name, description in entries.items():
            table.add_row(f"  {name}", Text(description, style="dim"))
    return table


def record_view(record: Record) -> RenderableType:
    """One record: where it comes from, its measures, its source, its trials."""
    facts = record_facts(record)
    score = facts.pop("score")
    facts.pop("source")
    parts: list[RenderableType] = [
        facts_table(facts),
        Text(),
        Syntax(record.candidate.source.strip(), "python", word_wrap=True),
    ]
    if score is not None:
        trials = score.pop("trials")
        parts += [Text(), facts_table(score), Text(), rows_table(trials)]
    return Group(*parts)


def body(source: str) -> str:
    """Source without imports, docstrings and comments, the form that tables have room for."""
    lines = normalise(source).splitlines()
    kept = [line for line in lines if not line.startswith(("import ", "from "))]
    return "\n".join(kept).strip()


def interval(rate: WinRate) -> str:
    """A win rate with its 95 % interval.

    >>> interval(WinRate(0.75, 0.5, 0.9))
    '0.750 [0.50, 0.90]'
    """
    return f"{rate.value:.3f} [{rate.low:.2f}, {rate.high:.2f}]"


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return "[" + ", ".join(_text(part) for part in cast(list[object], value)) + "]"
    return "–" if value is None else str(value)


def _score_columns(table: Table) -> None:
    table.add_column("id", no_wrap=True, style="dim")
    table.add_column("B-WR [95 %]", no_wrap=True)
    table.add_column("BSOTA-WR [95 %]", no_wrap=True)
    table.add_column("margin", justify="right", no_wrap=True)
    table.add_column("N text", justify="right", no_wrap=True)
    table.add_column("N behav.", justify="right", no_wrap=True)


def _cells(record: Record) -> list[str]:
    score, novelty = _score(record), record.novelty
    assert novelty is not None
    return [
        record.id[:8],
        interval(score.b_wr),
        interval(score.bsota_wr),
        f"{score.margin:+.3f}",
        f"{novelty.text:.3f}",
        f"{novelty.behaviour:.3f}",
    ]


def _rank(record: Record) -> tuple[float, str]:
    return -_score(record).b_wr.value, record.id


def _score(record: Record) -> Score:
    assert record.score is not None
    return record.score
