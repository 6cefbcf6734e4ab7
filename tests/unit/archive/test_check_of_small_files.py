"""Damage to the journal, the descriptions, a confirmation or the lessons of a campaign."""

import hashlib
from pathlib import Path

import pytest
from damaged_campaign import flip, repaired
from support import archive_samples as samples

from archive.history.confirmations import Confirmations
from archive.history.history import History
from archive.history.reader import Reader
from archive.repair import check as health


@pytest.fixture
def folder(damageable) -> Path:
    return damageable


def test_of_a_damaged_journal_every_other_entry_is_restored(folder):
    path = folder / "journal"
    with History.open(folder) as history:
        history.acknowledge(samples.outcome(3))
    flip(path, path.read_bytes().index(b"candidate-2"))

    report = repaired(folder)

    assert report.findings[0].remedy == "2 whole entries restored"
    ids = [key.id for key in Reader.read(folder).outcomes]
    assert ids == ["candidate-1", "candidate-3"]


@pytest.mark.parametrize("harm", ["missing", "empty", "head"])
def test_a_journal_without_a_beginning_restarts_with_its_whole_entries(folder, harm):
    path = folder / "journal"
    if harm == "missing":
        path.unlink()
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        flip(path, 3)

    report = repaired(folder)

    assert [finding.file for finding in report.findings] == ["journal"]
    assert len(Reader.read(folder).outcomes) == (2 if harm == "head" else 0)


@pytest.mark.parametrize("name", ["campaign.json", "config.json", "environment.json"])
@pytest.mark.parametrize("harm", ["missing", "empty", "flipped"])
def test_any_one_description_is_restored_from_the_others(folder, name, harm):
    before = (folder / name).read_bytes()
    if harm == "missing":
        (folder / name).unlink()
    elif harm == "empty":
        (folder / name).write_bytes(b"")
    else:
        flip(folder / name, before.rindex(b'"') - 1)

    report = repaired(folder)

    assert [finding.file for finding in report.findings] == [name]
    assert (folder / name).read_bytes() == before


def test_a_setting_that_matches_no_id_is_not_restored(folder):
    (folder / "campaign.json").unlink()
    (folder / "config.json").write_text('{"seed": 2}')

    report = health.repair(folder)

    assert report.findings[0].remedy == ""
    assert not (folder / "campaign.json").exists()


def test_a_damaged_confirmation_is_moved_away(folder):
    with Confirmations.open(folder, settings={}) as book:
        path = book.write({"candidates": []})
    path.write_bytes(b"{}")

    report = repaired(folder)

    assert report.findings[0].file == "confirmations/001.json"
    assert not path.exists()


@pytest.mark.parametrize(("content", "state"), [(b"other", "damaged"), (b"", "missing")])
def test_lessons_that_are_not_what_the_campaign_began_with_are_named(
    tmp_path, content, state
) -> None:
    folder = tmp_path / "run"
    sha = hashlib.sha256(b"lessons").hexdigest()
    settings = {"reward": {"lessons": "/away/lessons.parquet", "lessons_sha256": sha}}
    History.create(folder, config=settings, environment={}).close()
    lessons = folder / "lessons.parquet"
    lessons.write_bytes(b"lessons")
    assert health.check_campaign(folder).findings == []
    lessons.write_bytes(content)
    if not content:
        lessons.unlink()

    (finding,) = health.repair(folder).findings

    assert (finding.file, finding.problem) == ("lessons.parquet", f"it is {state}")
    assert "evo resume copies /away/lessons.parquet again" in finding.remedy
    assert not lessons.exists()
