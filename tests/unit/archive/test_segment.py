import random
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import pytest
from support import archive_samples as samples

from archive.store import segment
from archive.store.hdf5 import opened
from archive.store.record_columns import digest, unpack
from archive.store.segment import Segment, open_segment, seal
from archive.store.segment_name import generations_of
from evo.core.errors import FormatError, HistoryError
from evo.core.records import Generation, Record


def records_of(segment: Segment) -> list[Record]:
    return [record for columns in segment.blocks(0, segment.size) for record in unpack(columns)]


@pytest.fixture
def sealed(tmp_path) -> Path:
    records = [samples.record(1), samples.refused(2)]
    return seal(tmp_path, Generation(0, records, ("a", "b")), campaign="c").path


def test_a_generation_comes_back_from_its_file(sealed):
    back = open_segment(sealed, campaign="c")

    assert (back.generations, back.survivors, back.size) == (range(1), ("a", "b"), 2)
    expected = [samples.record(1), samples.refused(2)]
    assert [samples.everything(r) for r in records_of(back)] == [
        samples.everything(r) for r in expected
    ]


def test_strengths_of_trials_come_back(tmp_path):
    strong = samples.record(1)
    trials = tuple(trial._replace(strength=10.0) for trial in strong.score.trials)
    records = [replace(strong, score=replace(strong.score, trials=trials)), samples.record(2)]
    seal(tmp_path, Generation(0, records, ()), campaign="c")

    back = records_of(open_segment(tmp_path / "generation-000000.h5", campaign="c"))

    assert [{trial.strength for trial in r.score.trials} for r in back] == [{10.0}, {1.0}]


def test_an_empty_generation_comes_back(tmp_path):
    made = seal(tmp_path, Generation(4, [], ()), campaign="c")

    back = open_segment(tmp_path / "generation-000004.h5", campaign="c")
    assert back == made
    assert (records_of(back), back.generations) == ([], range(4, 5))


def test_a_flipped_bit_anywhere_is_an_error_that_names_the_file(sealed):
    whole = sealed.read_bytes()
    places = [*range(600), *random.Random(0).sample(range(600, len(whole)), 300), len(whole) - 1]

    for byte in places:
        damaged = bytearray(whole)
        damaged[byte] ^= 1 << byte % 8
        sealed.write_bytes(damaged)

        with pytest.raises(HistoryError, match=str(sealed)):
            open_segment(sealed, campaign="c")


@pytest.mark.parametrize("kept", [0, 1, 511, 512, 513, 5000, -1])
def test_a_cut_off_file_is_an_error_that_names_it(sealed, kept):
    sealed.write_bytes(sealed.read_bytes()[:kept])

    with pytest.raises(HistoryError, match=str(sealed)):
        open_segment(sealed, campaign="c")


def test_a_foreign_file_is_an_error_that_names_it(tmp_path):
    foreign = tmp_path / "generation-000000.h5"
    with h5py.File(foreign, "w") as file:
        file["weights"] = [1.0, 2.0]

    with pytest.raises(HistoryError, match=rf"{foreign} is no segment of evo"):
        open_segment(foreign, campaign="c")


def test_a_renamed_segment_is_refused(sealed):
    renamed = sealed.with_name("generation-000003.h5")
    shutil.copy(sealed, renamed)

    with pytest.raises(HistoryError, match=r"was renamed\. Rename it to generation-000000\.h5"):
        open_segment(renamed, campaign="c")


def test_a_newer_format_is_refused(sealed):
    sealed.write_bytes(sealed.read_bytes().replace(b"format 1\n", b"format 2\n", 1))

    with pytest.raises(FormatError, match="has format 2, this version of evo reads format 1"):
        open_segment(sealed, campaign="c")


def test_any_hdf5_tool_opens_a_segment(sealed):
    with h5py.File(sealed) as file:
        assert file.attrs["generation"] == 0
        assert file.attrs["records"] == 2
        assert file["record.generation"][()].tolist() == [0, 0]
        assert file["text_vector"].shape == (1, 384)


def test_segments_are_small_on_disk(tmp_path):
    many = [samples.record(i, trials=16) for i in range(200)]
    seal(tmp_path, Generation(0, [samples.record(1)], ("a",)), campaign="c")
    seal(tmp_path, Generation(1, many, ()), campaign="c")

    one, many = (path.stat().st_size for path in sorted(tmp_path.iterdir()))

    assert one < 41_000
    assert many < 200 * 448 * 4 + 100_000  # the vectors, and little else


def test_on_a_full_disk_nothing_is_left_under_any_name(tmp_path, full_disk):
    full_disk(4096)

    with pytest.raises(HistoryError, match=r"generation-000000\.h5: File too large\. .*Free space"):
        seal(tmp_path, Generation(0, [samples.record(1)], ()), campaign="c")

    assert list(tmp_path.iterdir()) == []


def test_a_segment_of_another_campaign_is_refused(sealed):
    with pytest.raises(HistoryError, match=r"is of another campaign\. Move it elsewhere"):
        open_segment(sealed, campaign="d")


def test_a_generation_has_a_checksum_of_its_own_that_its_columns_match(sealed):
    with opened(sealed) as file:
        columns = segment.generation_columns(file.take, 0, 0, 2)
        expected = file["generation.sha256"].tobytes().decode()

    assert digest(columns) == expected


def test_a_file_that_is_gone_is_told_from_one_that_is_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_segment(tmp_path / "generation-000000.h5", campaign="c")


@pytest.mark.parametrize(
    "name", ["notes.txt", "generation-1.h5", "generations-000003-000003.h5", "generation-000001"]
)
def test_other_names_are_no_segments(name):
    assert generations_of(name) is None
