"""The tables of an export's columns are generated: every field has a row and a description."""

import sys
from enum import StrEnum

import pytest
from markdown_blocks import ROOT

from archive.history.single_file import DESCRIPTIONS
from evo.core.fields import Field

sys.path.insert(0, str(ROOT / "docs" / "hooks"))

from record_tables import COLUMNS, meanings
from reference_pages import on_page_markdown

PAGE = on_page_markdown((ROOT / "docs" / "guide" / "results.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: field.name)
def test_a_column_has_one_row_with_its_description(field: Field) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{field.name}` | ")]
    described = [row for row in rows if row.endswith(f" | {field.description} |")]

    assert field.description.strip()
    assert len(described) == 1


@pytest.mark.parametrize("path", [path for path in DESCRIPTIONS if not path.endswith("/record")])
def test_a_column_of_an_hdf5_export_is_on_the_page(path: str) -> None:
    group, _, column = path.partition("/")

    assert DESCRIPTIONS[path].strip()
    if group != "records":
        (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{group}/` |"))
        assert f"`{column}`: {DESCRIPTIONS[path]}" in row


@pytest.mark.parametrize(
    "values", [field.type for field in COLUMNS if issubclass(field.type, StrEnum)]
)
def test_every_value_of_an_enum_is_on_the_page_in_the_words_of_its_docstring(
    values: type[StrEnum],
) -> None:
    words = meanings(values)

    assert list(words) == list(values.__members__)
    assert [name for name, meaning in words.items() if f" | {meaning} |" not in PAGE] == []


def test_a_field_that_the_page_lacks_or_that_has_no_description_is_noticed() -> None:
    for field in (Field("invisible", str, "not there"), Field("id", str, " ")):
        with pytest.raises(AssertionError):
            test_a_column_has_one_row_with_its_description(field)
