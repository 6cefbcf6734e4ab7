"""Files that describe a campaign: missing, damaged, changed, of another campaign or format."""

import json
import shutil
from pathlib import Path

import pytest

from archive.history.history import History
from archive.history.reader import Reader
from evo.core.errors import HistoryError

CONFIG = {"kind": "activation", "seed": 7}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A new campaign, which nobody writes."""
    folder = tmp_path / "runs" / "one"
    History.create(folder, config=CONFIG, environment={"python": "3"}).close()
    return folder


@pytest.mark.parametrize("name", ["journal", "config.json", "environment.json", "campaign.json"])
def test_any_other_missing_file_is_named(folder, name):
    (folder / name).unlink()

    with pytest.raises(HistoryError, match=name):
        History.open(folder)


@pytest.mark.parametrize("name", ["config.json", "environment.json", "campaign.json"])
def test_a_damaged_description_is_named(folder, name):
    (folder / name).write_text('{"format": 1,')

    with pytest.raises(HistoryError, match=f"{name} is damaged"):
        Reader.read(folder)


def test_a_campaign_of_a_newer_format_is_refused(folder):
    (folder / "campaign.json").write_text(json.dumps({"format": 2}))

    with pytest.raises(HistoryError, match="has format 2, this version of evo reads format 1"):
        History.open(folder)


def test_a_journal_of_another_campaign_is_refused(folder, tmp_path):
    with History.create(tmp_path / "other", config={"seed": 8}, environment={}):
        shutil.copy(tmp_path / "other/journal", folder / "journal")

    with pytest.raises(HistoryError, match=r"journal is of another campaign\. Restore it"):
        Reader.read(folder)


def test_a_changed_setting_is_damage(folder):
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(text.replace("7", "8"))

    with pytest.raises(HistoryError, match=r"config\.json was changed since the campaign began"):
        Reader.read(folder)


def test_a_flipped_bit_anywhere_in_a_description_is_damage_or_changes_nothing(folder):
    for name in ("campaign.json", "config.json", "environment.json"):
        whole = (folder / name).read_bytes()
        for place in range(len(whole)):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << place % 8
            (folder / name).write_bytes(damaged)
            try:
                assert Reader.read(folder).config == CONFIG  # space between values
            except HistoryError as error:
                assert str(folder) in str(error)
        (folder / name).write_bytes(whole)
