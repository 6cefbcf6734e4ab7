import multiprocessing
import os
import random
import shutil
from pathlib import Path

import pytest
from archive_children import evolve
from damaged_campaign import flip, generations, repaired
from support import archive_samples as samples

from archive.history.history import History
from archive.repair import check as health
from archive.store.merging import MergeLimits
from evo.core.errors import HistoryError

MERGED = "segments/generations-000000-000003.h5"
SINGLE = "segments/generation-000004.h5"
LAST = "segments/generation-000005.h5"


@pytest.fixture
def folder(damageable) -> Path:
    return damageable


def test_a_whole_campaign_is_sound_also_beside_its_writer(folder):
    with History.open(folder):
        report = health.check_campaign(folder)

    assert report == health.CheckReport([], [], [], 5, 18)


def test_checking_changes_nothing(folder):
    flip(folder / MERGED, 20_000)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    health.check_campaign(folder)

    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("seed", range(4))
def test_of_a_merged_file_with_a_flipped_bit_every_other_generation_is_restored(folder, seed):
    size = (folder / MERGED).stat().st_size
    flip(folder / MERGED, random.Random(seed).randrange(size // 4, size))

    report = repaired(folder)

    assert [finding.file for finding in report.findings] == [MERGED]
    assert generations(folder) == [n for n in range(6) if n not in report.lost]
    assert len(report.lost) <= 4
    assert (folder / "damaged" / Path(MERGED).name).exists()
    with History.open(folder) as history:
        assert (history.generation, len(history.outcomes)) == (5, 2)
        history.seal(6, [samples.record(18, generation=6)], [])


def test_a_flipped_bit_in_the_vectors_costs_one_generation(folder):
    content = (folder / MERGED).read_bytes()
    vector = samples.record(4, generation=1).text_vector.tobytes()
    flip(folder / MERGED, content.index(vector) + 100)

    report = repaired(folder)

    assert report.lost == [1]
    assert report.findings[0].remedy == "3 of 4 generations restored"
    assert generations(folder) == [0, 2, 3, 4, 5]


def test_a_head_that_is_damaged_costs_nothing(folder):
    flip(folder / MERGED, 60)

    report = repaired(folder)

    assert report.lost == []
    assert generations(folder) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("share", [0.0, 0.6, 0.999])
def test_a_file_that_was_cut_off_is_lost_and_every_other_one_stays(folder, share):
    path = folder / MERGED
    os.truncate(path, int(share * path.stat().st_size))

    report = repaired(folder)

    assert (report.lost, generations(folder)) == ([0, 1, 2, 3], [4, 5])


def test_a_missing_generation_is_named_and_the_others_stay(folder):
    (folder / SINGLE).unlink()

    report = repaired(folder)

    assert report.findings[0].problem == "no file holds generations 4"
    assert report.lost == [4]
    assert generations(folder) == [0, 1, 2, 3, 5]


@pytest.mark.parametrize("harm", ["flipped", "missing"])
def test_a_last_generation_that_is_gone_is_run_again(folder, harm):
    (folder / LAST).unlink() if harm == "missing" else flip(folder / LAST, 9_000)

    report = repaired(folder)

    assert (report.lost, report.to_run_again) == ([], [5])
    assert generations(folder) == [0, 1, 2, 3, 4]
    with History.open(folder) as history:
        assert history.generation == 4
        assert history.survivors == (samples.record(12).id,)


def test_foreign_files_are_moved_away(folder, tmp_path):
    (folder / "segments/notes.txt").write_text("mine")
    with History.create(tmp_path / "other", config={"seed": 2}, environment={}) as other:
        other.seal(0, [samples.record(1)], [])
    shutil.copy(tmp_path / "other/segments/generation-000000.h5", folder / "segments")

    report = repaired(folder)

    assert {(f.file, f.problem) for f in report.findings} == {
        ("segments/notes.txt", "is no segment of a campaign"),
        ("segments/generation-000000.h5", "is of another campaign"),
    }
    assert (folder / "damaged/notes.txt").read_text() == "mine"
    assert generations(folder) == [0, 1, 2, 3, 4, 5]


def test_a_lost_first_generation_leaves_the_others_readable(folder):
    content = (folder / MERGED).read_bytes()
    vector = samples.record(1).text_vector.tobytes()
    flip(folder / MERGED, content.index(vector))

    report = repaired(folder)

    assert report.lost == [0]
    assert generations(folder) == [1, 2, 3, 4, 5]


def test_a_repair_beside_a_writer_is_refused(folder):
    with History.open(folder), pytest.raises(HistoryError, match="being written by process"):
        health.repair(folder)


def test_what_was_replaced_before_is_not_overwritten(folder):
    for _ in range(2):
        (folder / "segments/notes.txt").write_text("mine")
        health.repair(folder)

    assert (folder / "damaged/notes.txt").exists()
    assert (folder / "damaged/notes.txt.2").exists()


@pytest.mark.parametrize("content", ["", "nothing", "thesis.tex"])
def test_another_folder_is_no_campaign(tmp_path, content):
    if content:
        (tmp_path / content).touch()

    with pytest.raises(HistoryError, match="is no campaign"):
        health.check_campaign(tmp_path)


def test_a_newer_format_is_left_to_the_version_that_wrote_it(folder):
    (folder / "campaign.json").write_text('{"format": 2}')

    with pytest.raises(HistoryError, match="Use the version that wrote it"):
        health.repair(folder)


@pytest.mark.heavy(
    quick="test_sigkill.py::test_a_reader_works_beside_a_writer_and_never_disturbs_it"
)
def test_beside_a_busy_writer_nothing_looks_damaged(tmp_path):
    folder = tmp_path / "run"
    History.create(folder, config={}, environment={}).close()
    processes = multiprocessing.get_context("fork")
    _receiving, sending = processes.Pipe(duplex=False)
    child = processes.Process(target=evolve, args=(folder, 0, sending, 30, MergeLimits(fan=3)))
    child.start()
    sending.close()
    seen = set()

    while child.is_alive():
        report = health.check_campaign(folder)
        assert not report.findings
        seen.add(report.generation)

    child.join()
    assert child.exitcode == 0
    assert len(seen) > 3, "it was looked at while generations were sealed"
