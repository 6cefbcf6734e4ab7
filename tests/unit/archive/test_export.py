import csv
import json
from dataclasses import replace

import pytest
from pyarrow import parquet
from support import archive_samples as samples

from archive.history.export import FORMATS, export_records
from evo.core.errors import UsageError
from evo.core.estimate import Estimate
from evo.core.fields import RECORD_FIELDS, record_row

NAMES = [field.name for field in RECORD_FIELDS]
CELLS = {field.name: field.cell for field in RECORD_FIELDS}
RECORDS = [
    samples.record(1),
    samples.refused(2),
    replace(
        samples.record(3),
        score=replace(samples.record(3).score, margin=Estimate(float("-inf"), -1.0, 1.0)),
    ),
]


def test_parquet_holds_a_typed_row_a_record(tmp_path):
    export_records(RECORDS, tmp_path / "table", "parquet")

    table = parquet.read_table(tmp_path / "table")
    assert table.column_names == NAMES
    assert table.to_pylist() == [record_row(record) for record in RECORDS]


def test_jsonl_is_strict_json_with_null_for_what_json_cannot_say(tmp_path):
    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    export_records(RECORDS, tmp_path / "table", "jsonl")

    lines = (tmp_path / "table").read_text().splitlines()
    rows = [json.loads(line, parse_constant=refuse) for line in lines]
    assert rows == [record_row(r) for r in RECORDS[:2]] + [
        {**record_row(RECORDS[2]), "margin": None}
    ]


def test_csv_holds_sources_of_many_lines_and_tells_empty_from_unknown(tmp_path):
    export_records(RECORDS, tmp_path / "table", "csv")

    with (tmp_path / "table").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, record in zip(rows, RECORDS, strict=True):
        for name, value in record_row(record).items():
            assert (row[name] == "") if value is None else (CELLS[name](row[name]) == value)
    assert (
        (tmp_path / "table").read_text().splitlines()[-1].endswith(',2.5,"","","","","","","",0,0')
    )
    assert ',"",' in (tmp_path / "table").read_text()


@pytest.mark.parametrize("form", FORMATS)
def test_half_a_surrogate_pair_in_a_source_does_not_stop_an_export(tmp_path, form):
    candidate = replace(samples.record(1).candidate, source="x = '\ud83d'")

    export_records([replace(samples.record(1), candidate=candidate)], tmp_path / "table", form)

    assert b"x = '?'" in (tmp_path / "table").read_bytes()


def test_an_unknown_format_is_told_with_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=r"'parqet'\. Did you mean 'parquet'"):
        export_records(RECORDS, tmp_path / "table", "parqet")
