"""Markdown tables of the columns of exports, for the page about results.

Names and descriptions are those of `evo.core.fields`. It knows nothing of MkDocs.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from archive.history.single_file import DESCRIPTIONS
from evo.core.fields import RECORD_FIELDS, Field
from evo.report.facts.exported import EXPORTED

COLUMNS = (*RECORD_FIELDS, *EXPORTED)
"""Every column of an export as one table."""
_TYPES = {str: "text", int: "integer", float: "number"}


def columns() -> str:
    """The columns of an export as a table, and the values of those that are enums."""
    return "\n".join(
        [
            *_table("column | type | content", map(_row, COLUMNS)),
            "",
            "What the values mean:",
            "",
            *_table("column | value | meaning", _value_rows()),
        ]
    )


def groups() -> str:
    """The groups of an HDF5 export besides `records/`, with their columns."""
    described: defaultdict[str, list[str]] = defaultdict(list)
    for path, description in DESCRIPTIONS.items():
        group, _, column = path.partition("/")
        if group != "records" and column != "record":
            described[group].append(f"`{column}`: {_escaped(description)}")
    rows = [f"`{group}/` | {'<br>'.join(parts)}" for group, parts in described.items()]
    return "\n".join(_table("group | columns", rows))


def meanings(values: type[StrEnum]) -> dict[str, str]:
    """Meanings of an enum's members by name; its docstring has one line for each."""
    found: list[tuple[str, str]] = re.findall(r"^ *([A-Z_]+) {2,}(.+)$", values.__doc__ or "", re.M)
    return dict(found)


def _row(field: Field) -> str:
    return f"`{field.name}` | {_TYPES[field.cell]} | {_escaped(field.description)}"


def _value_rows() -> list[str]:
    return [
        f"`{field.name}` | {f'`{value}`' if value else 'empty'} | {_escaped(words)}"
        for field in COLUMNS
        if issubclass(field.type, StrEnum)
        for name, words in meanings(field.type).items()
        for value in [field.type[name].value]
    ]


def _table(head: str, rows: Iterable[str]) -> list[str]:
    rule = "|".join("---" for _ in head.split(" | "))
    return [f"| {head} |", f"|{rule}|", *(f"| {row} |" for row in rows)]


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
