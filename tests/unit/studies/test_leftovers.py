"""What `evo clean` removes, and what it never does."""

from pathlib import Path

import pytest
from support import archive_samples

from archive.history.history import History
from archive.history.reader import Reader
from archive.store.merging import MergeLimits
from evo.studies.leftovers import leftover_facts, leftovers, remove

LATER = 10 * 24 * 3600.0


@pytest.fixture
def runs(tmp_path, monkeypatch) -> Path:
    """A folder with one campaign, and everything that may lie about."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp" / "evo-gpu-claims-old").mkdir(parents=True)
    folder = tmp_path / "runs"
    config = {"kind": "activation", "generations": 9}
    with History.create(folder / "one", config=config, environment={}) as history:
        for generation in range(2):
            record = archive_samples.record(generation, generation=generation)
            history.seal(generation, [record], [record.id])
    (folder / "one" / "pareto.png").write_bytes(b"x" * 9000)
    (folder / "one" / "segments" / ".generation-000002.h5.tmp").write_bytes(b"x" * 100)
    (folder / ".two-0123456789ab.tmp" / "segments").mkdir(parents=True)
    (folder / "one-007").mkdir()
    (folder / "my-notes").mkdir()
    return folder


def named(parts) -> list[str]:
    return sorted(part.path.name for part in parts)


def now(runs: Path) -> float:
    return runs.stat().st_mtime + LATER


def test_all_that_can_be_had_again_is_listed_and_nothing_is_removed(runs) -> None:
    parts = leftovers(runs, now=now(runs))

    assert named(parts) == [
        *(".generation-000002.h5.tmp", ".two-0123456789ab.tmp"),
        *("evo-gpu-claims-old", "one-007", "pareto.png"),
    ]
    assert all(part.path.exists() for part in parts)
    facts = leftover_facts(parts, is_removed=False)
    assert facts["bytes"] == sum(one["bytes"] for one in facts["leftovers"]) >= 9000


def test_no_record_goes_with_it(runs) -> None:
    before = [record.id for record in Reader.read(runs / "one").records]
    parts = leftovers(runs, now=now(runs))

    assert named(remove(parts)) == named(parts)
    assert leftovers(runs, now=now(runs)) == []
    assert [record.id for record in Reader.read(runs / "one").records] == before
    assert (runs / "my-notes").is_dir()
    History.open(runs / "one").close()


def test_a_segment_that_was_merged_goes_and_the_merged_one_stays(runs) -> None:
    segments = runs / "one" / "segments"
    kept = {path.name: path.read_bytes() for path in segments.glob("generation-*.h5")}
    limits = MergeLimits(fan=2)
    History.open(runs / "one", merge_limits=limits).close()
    merged = {path.name for path in segments.glob("generation*.h5")}
    for name, content in kept.items():
        (segments / name).write_bytes(content)
    remove(leftovers(runs, now=now(runs)))

    assert {path.name for path in segments.glob("generation*.h5")} == merged


def test_a_running_campaign_and_one_that_is_just_starting_are_left_alone(runs) -> None:
    parts = leftovers(runs, now=now(runs))
    with History.open(runs / "one"):
        assert named(remove(parts)) == [*(".two-0123456789ab.tmp", "evo-gpu-claims-old", "one-007")]
        assert leftovers(runs, now=now(runs)) == []
    (runs / "one-008").mkdir()
    assert named(leftovers(runs)) == [".generation-000002.h5.tmp", "pareto.png"]


def test_data_sets_are_listed_only_where_asked_for(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("EVO_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".cache" / "evo" / "data" / "MNIST").mkdir(parents=True)

    assert "MNIST" not in named(leftovers(tmp_path / "runs"))
    assert "MNIST" in named(leftovers(tmp_path / "runs", has_data=True))
    monkeypatch.setenv("EVO_DATA", str(tmp_path / ".cache" / "evo" / "data"))
    assert "MNIST" not in named(leftovers(tmp_path / "runs", has_data=True))
