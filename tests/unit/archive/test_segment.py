import random
import shutil
from pathlib import Path

import archive_samples as samples
import h5py
import pytest

from archive import segment
from archive.segment import Segment
from evo.errors import HistoryError


@pytest.fixture
def sealed(tmp_path) -> Path:
    records = [samples.record(1), samples.refused(2)]
    segment.write(tmp_path, Segment(0, records, ("a", "b")))
    return tmp_path / segment.file_name(0)


def test_a_generation_comes_back_from_its_file(sealed):
    back = segment.read(sealed)

    assert (back.generation, back.survivors) == (0, ("a", "b"))
    expected = [samples.record(1), samples.refused(2)]
    assert [samples.everything(r) for r in back.records] == [
        samples.everything(r) for r in expected
    ]


def test_an_empty_generation_comes_back(tmp_path):
    segment.write(tmp_path, Segment(4, [], ()))

    assert segment.read(tmp_path / "generation-000004.h5") == Segment(4, [], ())


def test_a_flipped_bit_anywhere_is_an_error_that_names_the_file(sealed):
    whole = sealed.read_bytes()
    places = [*range(600), *random.Random(0).sample(range(600, len(whole)), 300), len(whole) - 1]

    for byte in places:
        damaged = bytearray(whole)
        damaged[byte] ^= 1 << byte % 8
        sealed.write_bytes(damaged)

        with pytest.raises(HistoryError, match=str(sealed)):
            segment.read(sealed)


@pytest.mark.parametrize("kept", [0, 1, 511, 512, 513, 5000, -1])
def test_a_cut_off_file_is_an_error_that_names_it(sealed, kept):
    sealed.write_bytes(sealed.read_bytes()[:kept])

    with pytest.raises(HistoryError, match=str(sealed)):
        segment.read(sealed)


def test_a_foreign_file_is_an_error_that_names_it(tmp_path):
    foreign = tmp_path / segment.file_name(0)
    with h5py.File(foreign, "w") as file:
        file["weights"] = [1.0, 2.0]

    with pytest.raises(HistoryError, match=rf"{foreign} is no segment of evo"):
        segment.read(foreign)


def test_a_renamed_segment_is_refused(sealed):
    renamed = sealed.with_name(segment.file_name(3))
    shutil.copy(sealed, renamed)

    with pytest.raises(HistoryError, match="holds generation 0: it was renamed"):
        segment.read(renamed)


def test_a_newer_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(segment, "FORMAT", 2)
    segment.write(tmp_path, Segment(0, [], ()))
    monkeypatch.undo()

    with pytest.raises(HistoryError, match="has format 2, this version of evo reads format 1"):
        segment.read(tmp_path / segment.file_name(0))


def test_any_hdf5_tool_opens_a_segment(sealed):
    with h5py.File(sealed) as file:
        assert file.attrs["generation"] == 0
        assert file.attrs["records"] == 2
        assert file["record.generation"][()].tolist() == [0, 0]
        assert file["text_vector"].shape == (1, 384)


def test_segments_are_small_on_disk(tmp_path):
    segment.write(tmp_path, Segment(0, [samples.record(1)], ("a",)))
    segment.write(tmp_path, Segment(1, [samples.record(i, trials=16) for i in range(200)], ()))

    one, many = (path.stat().st_size for path in sorted(tmp_path.iterdir()))

    assert one < 32_000
    assert many < 200 * 448 * 4 + 100_000  # the vectors, and little else


def test_on_a_full_disk_nothing_is_left_under_any_name(tmp_path, full_disk):
    full_disk(4096)

    with pytest.raises(HistoryError, match=r"generation-000000\.h5: File too large\. .*Free space"):
        segment.write(tmp_path, Segment(0, [samples.record(1)], ()))

    assert list(tmp_path.iterdir()) == []
