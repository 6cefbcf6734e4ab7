from pathlib import Path

import pytest
from support import archive_samples as samples
from support.killed import Killed

from archive.history.history import History
from archive.history.reader import Reader
from archive.store import merging, segment
from archive.store.hdf5 import opened
from archive.store.merging import LIMITS, MergeLimits
from archive.store.record_columns import digest
from archive.store.segment import open_segment


def created(folder: Path, **limits: int) -> History:
    merge_limits = MergeLimits(**limits)
    return History.create(folder, config={}, environment={}, merge_limits=merge_limits)


def seal(history, count, *, records=2):
    for generation in range(history.generation + 1, history.generation + 1 + count):
        first = generation * records
        made = [samples.record(first + i, generation=generation) for i in range(records - 1)]
        made.append(samples.refused(first + records - 1, generation=generation))
        history.seal(generation, made, [made[0].id])


def names(history) -> list[str]:
    return sorted(path.name for path in (history.folder / "segments").iterdir())


def facts(reader):
    return [samples.everything(record) for record in reader.records]


def test_sixteen_generations_become_one_file_and_sixteen_of_those_one_again(tmp_path):
    with created(tmp_path / "run", fan=3) as history:
        seal(history, 9 + 3 + 1)

    assert names(history) == [
        "generation-000012.h5",
        "generations-000000-000008.h5",
        "generations-000009-000011.h5",
    ]


def test_merging_changes_no_record_no_survivor_and_no_number(tmp_path):
    with created(tmp_path / "run") as history:
        seal(history, 7)
        before, survivors = facts(history), history.survivors

    with History.open(history.folder, merge_limits=MergeLimits(fan=8)) as history:
        seal(history, 1)

    assert names(history) == ["generations-000000-000007.h5"]
    assert facts(history)[: len(before)] == before
    assert survivors != history.survivors
    again = Reader.read(history.folder)
    assert facts(again) == facts(history)
    assert (again.generation, again.survivors) == (7, history.survivors)


def test_a_full_segment_is_never_merged_again(tmp_path):
    with created(tmp_path / "run", fan=100, full=6) as history:
        seal(history, 7)

    assert names(history) == [
        "generation-000006.h5",
        "generations-000000-000002.h5",
        "generations-000003-000005.h5",
    ]


@pytest.mark.parametrize(("offspring", "most"), [(10, 100), (48, 99), (200, 99), (1000, 99)])
def test_a_million_records_stay_in_tens_of_files(offspring, most):
    segments = []
    for number in range(1_000_000 // offspring):
        segments.append(segment.Segment(Path(), range(number, number + 1), (0, offspring), (), ()))
        while parts := merging.due(segments, LIMITS):
            numbers = range(parts[0].generations[0], parts[-1].generations[-1] + 1)
            size = sum(part.size for part in parts)
            segments[-len(parts) :] = [segment.Segment(Path(), numbers, (0, size), (), ())]

    assert sum(sealed.size for sealed in segments) > 999_000
    assert len(segments) <= most


def test_each_generation_keeps_its_checksum_in_a_merged_file(tmp_path):
    with created(tmp_path / "run", fan=4) as history:
        seal(history, 4)

    merged = open_segment(
        history.folder / "segments/generations-000000-000003.h5", campaign=history.id
    )
    with opened(merged.path) as file:
        for place, (start, stop) in enumerate(
            zip(merged.offsets, merged.offsets[1:], strict=False)
        ):
            found = digest(segment.generation_columns(file.take, place, start, stop))
            expected = file["generation.sha256"][64 * place : 64 * place + 64]
            assert found == expected.tobytes().decode()


def test_a_kill_between_merging_and_deleting_loses_and_doubles_nothing(tmp_path, monkeypatch):
    def die(path, missing_ok=False):
        raise Killed

    history = created(tmp_path / "run", fan=4)
    seal(history, 3)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "unlink", die)
        seal(history, 1)
    history.close()
    assert len(names(history)) == 5

    assert [record.id for record in Reader.read(history.folder).records] == [
        f"{number:016x}" for number in range(8)
    ]
    with History.open(history.folder) as again:
        assert names(again) == ["generations-000000-000003.h5"]
        assert (again.generation, len(again.records)) == (3, 8)
        seal(again, 1)


def test_records_are_found_again_when_they_are_merged_while_someone_reads(tmp_path):
    more_than_a_block = segment.RECORDS_PER_BLOCK + 4
    with created(tmp_path / "run", fan=4) as history:
        seal(history, 3, records=more_than_a_block)
        expected = facts(history)
        reader = Reader.read(history.folder)

        read = iter(reader.records)
        seen = [samples.everything(next(read))]
        seal(history, 1, records=more_than_a_block)
        seen += [samples.everything(record) for record in read]

    assert names(history) == ["generations-000000-000003.h5"]
    assert seen == expected
    assert samples.everything(reader.records[4]) == expected[4]


def test_a_place_from_the_end_and_a_slice_are_read_too(tmp_path):
    with created(tmp_path / "run") as history:
        seal(history, 3)

    records = history.records

    assert records[-1].id == samples.refused(5).id
    assert [record.id for record in records[1:4]] == [f"{number:016x}" for number in (1, 2, 3)]
    with pytest.raises(IndexError):
        _ = records[6]


def test_records_at_some_places_are_those_there_in_the_order_asked_for(tmp_path):
    with created(tmp_path / "run", fan=2) as history:
        seal(history, 3, records=60)
    expected = facts(history)
    places = [130, 2, 0, 61, 119, 120, 2, 95]  # near each other, far apart, across the two files

    assert names(history) == ["generation-000002.h5", "generations-000000-000001.h5"]
    assert [samples.everything(record) for record in history.records.several(places)] == [
        expected[place] for place in places
    ]
    assert history.records[::-50] == [history.records[place] for place in (179, 129, 79, 29)]
