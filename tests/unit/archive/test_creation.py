"""The folder of a new campaign."""

import stat
from pathlib import Path

import pytest
from support.killed import Killed

from archive.history.history import History
from archive.history.reader import Reader
from evo.core.errors import UsageError

CONFIG = {"kind": "activation", "seed": 7}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A new campaign, which nobody writes."""
    folder = tmp_path / "runs" / "one"
    History.create(folder, config=CONFIG, environment={"python": "3"}).close()
    return folder


def test_an_existing_campaign_is_never_overwritten(folder):
    with pytest.raises(UsageError, match=r"holds a campaign already\. Resume it"):
        History.create(folder, config={}, environment={})

    assert Reader.read(folder).config == CONFIG


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()

    with pytest.raises(UsageError, match="is not an empty folder"):
        History.create(tmp_path, config={}, environment={})

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_becomes_a_campaign_that_others_can_read(tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()

    History.create(folder, config={}, environment={}).close()

    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    default = stat.S_IMODE((folder / "segments").stat().st_mode)
    assert stat.S_IMODE(folder.stat().st_mode) == default


def test_a_creation_that_is_killed_leaves_nothing_under_the_name(tmp_path, monkeypatch):
    folder = tmp_path / "one"

    def die(path, target):
        raise Killed

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(Killed):
        History.create(folder, config=CONFIG, environment={})
    monkeypatch.undo()

    assert not folder.exists()
    History.create(folder, config=CONFIG, environment={}).close()
