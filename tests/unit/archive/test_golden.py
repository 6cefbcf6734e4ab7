"""The golden campaign, see `tests/golden/make_history.py`: what was written once stays readable."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from support import archive_samples as samples

from archive.history.export import export_records
from archive.history.history import History
from archive.history.reader import Reader
from archive.repair.check import check_campaign, repair
from evo.core.records import Status
from evo.core.stages import ScreeningState, Stage, TrainingEnd

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / "history", tmp_path / "run")
    return tmp_path / "run"


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_is_read_with_every_state_and_nothing_is_changed(folder: Path) -> None:
    before = contents(folder)

    reader = Reader.read(folder)
    records = list(reader.records)

    assert contents(folder) == before
    assert (reader.generation, len(records), len(reader.outcomes)) == (2, 41, 3)
    assert Counter(record.status for record in records) == {
        Status.EVALUATED: 33,
        Status.INVALID: 4,
        Status.DUPLICATE: 3,
        Status.SCREENED_OUT: 1,
    }
    assert {record.stage for record in records} == {
        *(Stage.EVALUATE, Stage.CONTRACT, Stage.NOVELTY, Stage.PROPOSE, Stage.SCREEN)
    }
    assert Counter(r.scored.end for r in records if r.score is not None) == {
        TrainingEnd.COMPLETE: 26,
        TrainingEnd.OUTRACED: 6,
        TrainingEnd.REMEASURED: 1,
    }
    assert {r.member for r in records if r.status is Status.INVALID} == {"regularizer"}
    assert [r.screening.state for r in records if r.screening] == [ScreeningState.EARLY]
    assert {len(record.graphs) for record in records if record.score} == {2}


def test_its_export_is_what_it_was(folder: Path, tmp_path: Path) -> None:
    export_records(Reader.read(folder).records, tmp_path / "table", "jsonl")

    assert (tmp_path / "table").read_text() == (GOLDEN / "history.jsonl").read_text()


def test_it_goes_on_and_its_segments_are_merged(folder: Path) -> None:
    expected = list(map(samples.everything, Reader.read(folder).records))

    with History.open(folder) as history:
        paid = set(history.outcomes)
        history.acknowledge(samples.outcome(5))
    with History.open(folder) as history:
        assert set(history.outcomes) == paid | {samples.outcome(5).key}
        for generation in range(3, 17):
            sample = samples.refused(generation, generation=generation)
            history.seal(generation, [sample], [sample.id])

    assert len(list((folder / "segments").iterdir())) == 2, "sixteen were merged"
    assert list(map(samples.everything, Reader.read(folder).records))[:41] == expected


def test_a_damaged_segment_of_it_is_restored(folder: Path) -> None:
    expected = list(map(samples.everything, Reader.read(folder).records))
    path = folder / "segments/generation-000001.h5"
    damaged = bytearray(path.read_bytes())
    damaged[60] ^= 1
    path.write_bytes(damaged)

    report = repair(folder)

    assert (report.lost, report.to_run_again) == ([], [])
    assert list(map(samples.everything, Reader.read(folder).records)) == expected
    assert check_campaign(folder).findings == []
