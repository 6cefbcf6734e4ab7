"""The page about the history names every file of a campaign's folder."""

import ast

import pytest
from markdown_blocks import ROOT

PAGE = (ROOT / "docs" / "design" / "history.md").read_text(encoding="utf-8")
ELSEWHERE = {"study.json", "shares.json"}
"""Files of a study's folder."""


def constants() -> set[str]:
    """Names of files that modules keep as `…_FILE`."""
    names: set[str] = set()
    for top in ("archive", "evo"):
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                match node:
                    case ast.Assign(
                        targets=[ast.Name(id=name)], value=ast.Constant(value=str(value))
                    ) if name.endswith("_FILE"):
                        names.add(value)
                    case _:
                        pass
    return names - ELSEWHERE


FILES = sorted(
    constants() | {"campaign.json", "config.json", "environment.json", "journal", "lock"}
)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_a_campaign_is_in_the_table(name: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]

    assert len(FILES) > 12
    assert any(f"`{name}`" in row for row in rows)
