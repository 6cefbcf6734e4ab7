"""CONTRIBUTING.md names every room of the engine."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_rooms_has_every_folder_of_the_engine() -> None:
    rooms = {path.parent.name for path in (ROOT / "evo").glob("*/__init__.py")}
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert len(rooms) > 15
    assert [room for room in sorted(rooms) if f"`{room}/`" not in text] == []
