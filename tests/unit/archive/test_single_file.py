from dataclasses import replace

import h5py
import numpy as np
import pytest
from support import archive_samples as samples

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.single_file import DESCRIPTIONS, write_single_file
from evo.core.diagnosis import Diagnosis
from evo.core.fields import RECORD_FIELDS, record_row

NAMES = [field.name for field in RECORD_FIELDS]
CELLS = {field.name: field.cell for field in RECORD_FIELDS}
WENT = Diagnosis("digits", "mlp", *(number / 8 for number in range(12)))
RECORDS = [
    *(samples.record(1), samples.refused(2)),
    replace(samples.record(3, generation=1), diagnoses=(WENT,)),
]


@pytest.fixture
def folder(tmp_path):
    with History.create(tmp_path / "run", config={"seed": 1}, environment={}) as history:
        history.seal(0, RECORDS[:2], [RECORDS[0].id])
        history.seal(1, RECORDS[2:], [RECORDS[2].id])
    return tmp_path / "run"


def test_one_file_holds_every_column_and_says_what_each_is(folder, tmp_path):
    assert write_single_file(Reader.read(folder), tmp_path / "campaign.h5") == 3

    found = {}
    with h5py.File(tmp_path / "campaign.h5") as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item.attrs["description"]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    assert found == dict(DESCRIPTIONS)


def test_its_values_are_those_of_the_records(folder, tmp_path):
    write_single_file(Reader.read(folder), tmp_path / "campaign.h5")

    with h5py.File(tmp_path / "campaign.h5") as file:
        for name in NAMES:
            if name == "parents":
                continue
            values = file[f"records/{name}"]
            values = values.asstr()[:] if CELLS[name] is str else values[:]
            for value, record in zip(values, RECORDS, strict=True):
                expected = record_row(record)[name]
                if expected is None:
                    assert value in ("", -1) or np.isnan(value)
                else:
                    assert value == expected
        assert file["trials/record"][:].tolist() == [0, 0, 0, 2, 2, 2]
        assert file["trials/loss"][:].tolist() == [1.0, 1.125, 1.25, 3.0, 3.125, 3.25]
        assert file["parents/record"][:].tolist() == [0, 2]
        assert file["graphs/record"][:].tolist() == [0, 0, 2, 2]
        assert tuple(file["graphs/text"].asstr()[:2]) == RECORDS[0].graphs
        assert file["diagnoses/record"][:].tolist() == [2]
        assert file["diagnoses/dead"][:].tolist() == [WENT.dead]
        assert file["text_vectors/record"][:].tolist() == [0, 2]
        assert (file["text_vectors/vector"][1] == RECORDS[2].text_vector).all()


def test_a_campaign_without_candidates_makes_a_file_too(tmp_path):
    History.create(tmp_path / "run", config={}, environment={}).close()

    assert write_single_file(Reader.read(tmp_path / "run"), tmp_path / "campaign.h5") == 0
    assert h5py.is_hdf5(tmp_path / "campaign.h5")
