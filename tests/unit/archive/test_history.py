import os
from pathlib import Path

import pytest
from support import archive_samples as samples
from support.killed import Killed

from archive.history.history import History
from archive.history.reader import Reader
from archive.store import disk, journal
from evo.core.errors import HistoryError

CONFIG = {"kind": "activation", "seed": 7}


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "runs" / "one"


@pytest.fixture
def history(folder):
    with History.create(folder, config=CONFIG, environment={"python": "3"}) as history:
        yield history


def seal(history, generation):
    record = samples.record(generation, generation=generation)
    history.seal(generation, [record], [record.id])


def test_a_new_campaign_knows_its_settings_and_nothing_else(history):
    assert (history.config, history.environment) == (CONFIG, {"python": "3"})
    assert (history.generation, list(history.records), history.survivors) == (-1, [], ())
    assert history.outcomes == {}


def test_sealed_generations_come_back_in_order(history, folder):
    seal(history, 0)
    seal(history, 1)
    history.close()

    with History.open(folder) as again:
        assert again.generation == 1
        assert [r.id for r in again.records] == [samples.record(i).id for i in (0, 1)]
        assert again.survivors == (samples.record(1).id,)
        assert again.config == CONFIG


def test_acknowledged_outcomes_come_back_until_their_generation_is_sealed(history, folder):
    seal(history, 0)
    history.acknowledge(samples.outcome(1, rung=0))
    history.acknowledge(samples.outcome(1, rung=1))
    history.close()

    with History.open(folder) as again:
        assert again.outcomes == {
            ("candidate-1", 0, 0): samples.outcome(1, rung=0),
            ("candidate-1", 1, 0): samples.outcome(1, rung=1),
        }
        seal(again, 1)
        assert again.outcomes == {}

    assert Reader.read(folder).outcomes == {}


@pytest.mark.parametrize("step", range(7))
def test_a_kill_between_any_two_steps_of_sealing_loses_and_doubles_nothing(
    history, folder, monkeypatch, step
):
    history.acknowledge(samples.outcome(1))
    steps = iter(range(100))

    def dying(act):
        def acting(*args):
            if next(steps) == step:
                raise Killed
            return act(*args)

        return acting

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", dying(os.fsync))
        patch.setattr(Path, "replace", dying(Path.replace))
        if step < 6:  # twice: contents durable, renamed, folder durable
            with pytest.raises(Killed):
                seal(history, 0)
        else:
            seal(history, 0)
    history.close()

    with History.open(folder) as again:
        is_sealed = step >= 2
        assert again.generation == (0 if is_sealed else -1)
        assert len(again.records) == is_sealed
        assert len(again.outcomes) == (not is_sealed)
        seal(again, again.generation + 1)
    hidden = [path for path in folder.rglob(".*") if path.name.endswith(".tmp")]
    assert hidden == []


def test_only_one_writer_at_a_time(history, folder):
    with pytest.raises(HistoryError, match=f"being written by process {os.getpid()} on"):
        History.open(folder)


def test_a_reader_sees_what_is_there_without_changing_a_byte(history, folder):
    seal(history, 0)
    history.acknowledge(samples.outcome(1))
    with (folder / "journal").open("ab") as file:
        file.write(b"half")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    reader = Reader.read(folder)

    assert (reader.generation, list(reader.outcomes)) == (0, [("candidate-1", 0, 0)])
    assert reader.is_running
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_reader_follows_its_writer(history, folder):
    seal(history, 0)
    reader = Reader.read(folder)
    seal(history, 1)
    history.acknowledge(samples.outcome(1))

    reader.refresh()

    assert (reader.generation, len(reader.records), len(reader.outcomes)) == (1, 2, 1)
    history.close()
    assert not reader.is_running


def test_a_generation_that_is_sealed_while_a_reader_looks_is_no_damage(
    history, folder, monkeypatch
):
    look = journal.read_journal

    def look_slowly(path):
        seal(history, 0)
        contents = look(path)
        seal(history, 1)
        return contents

    monkeypatch.setattr(journal, "read_journal", look_slowly)

    assert Reader.read(folder).generation == 1


def test_a_missing_generation_is_named(history, folder):
    for generation in range(3):
        seal(history, generation)
    history.close()
    (folder / "segments" / "generation-000001.h5").unlink()

    with pytest.raises(HistoryError, match=r"generation-000001\.h5 is missing"):
        History.open(folder)


def test_a_missing_last_generation_is_named_too(history, folder):
    for generation in range(3):
        seal(history, generation)
    history.close()
    (folder / "segments" / "generation-000002.h5").unlink()

    with pytest.raises(HistoryError, match=r"generation-000002\.h5 is missing"):
        Reader.read(folder)


STRAYS = (
    "Thumbs.db",
    "desktop.ini",
    "generation-000000 (1).h5",
    "generation-000000 (conflicted copy 2026-11-29).h5",
    "generation-000000.h5.bak",
    "generation-000000.sync-conflict-20261129-010203-ABCDEFG.h5",
    "notes.txt",
)


def test_strays_among_the_segments_are_left_out_and_named(history, folder):
    seal(history, 0)
    records = list(history.records)
    for name in STRAYS:
        (folder / "segments" / name).write_bytes(b"stray")

    reader = Reader.read(folder)

    assert reader.strays == sorted(STRAYS)
    assert list(reader.records) == records
    history.close()
    with History.open(folder) as again:
        assert again.generation == 0


def test_a_failed_opening_gives_the_lock_back(history, folder):
    history.close()
    (folder / "segments" / "generation-000000.h5").write_bytes(b"no segment")
    with pytest.raises(HistoryError):
        History.open(folder)
    (folder / "segments" / "generation-000000.h5").unlink()

    History.open(folder).close()


def test_on_a_full_disk_sealing_fails_and_what_was_acknowledged_stays(history, folder, full_disk):
    history.acknowledge(samples.outcome(1))

    full_disk(4096)
    with pytest.raises(HistoryError, match="File too large"):
        seal(history, 0)
    full_disk(0)

    assert Reader.read(folder).outcomes == {("candidate-1", 0, 0): samples.outcome(1)}
    seal(history, 0)
    history.close()
    assert Reader.read(folder).generation == 0


def test_when_the_next_journal_cannot_start_the_generation_is_sealed_all_the_same(history, folder):
    obstacle = folder / f".journal{disk.TEMPORARY}"
    obstacle.mkdir()  # where the next journal is written first

    with pytest.raises(HistoryError, match="journal"):
        seal(history, 0)
    with pytest.raises(AssertionError, match="closed"):
        history.acknowledge(samples.outcome(1))
    obstacle.rmdir()
    history.close()

    with History.open(folder) as again:
        assert (again.generation, again.outcomes) == (0, {})
        again.acknowledge(samples.outcome(1))
