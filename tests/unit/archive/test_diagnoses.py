"""Diagnoses are a table that segments of earlier versions lack."""

from dataclasses import replace
from pathlib import Path

from support import archive_samples as samples

from archive.store import merging, segment
from archive.store.record_columns import unpack
from archive.store.segment import generation_columns, open_segment, packed, seal
from evo.core.diagnosis import Diagnosis
from evo.core.records import Generation, Record
from evo.report.facts.record import record_facts

CAMPAIGN = "a" * 64
WENT = Diagnosis("digits", "mlp", *(number / 8 for number in range(12)))


def generation(number: int, *, diagnosed: bool) -> Generation:
    records = [samples.record(10 * number + place, generation=number) for place in range(3)]
    if diagnosed:
        records[1] = replace(records[1], diagnoses=(WENT, WENT._replace(network="cnn")))
    return Generation(number, records, [records[0].id])


def of(sealed: segment.Segment) -> list[Record]:
    return [record for block in sealed.blocks(0, sealed.size) for record in unpack(block)]


def test_a_generation_without_any_has_no_such_table() -> None:
    assert not [name for name in packed(generation(0, diagnosed=False)) if "diagnosis" in name]


def test_segments_with_and_without_them_merge_and_each_generation_keeps_its_checksum(
    tmp_path: Path,
) -> None:
    generations = [generation(number, diagnosed=number in (1, 3)) for number in range(4)]
    parts = [seal(tmp_path, one, campaign=CAMPAIGN) for one in generations]

    merged = merging.merge_segments(parts, campaign=CAMPAIGN)

    sealed = open_segment(merged.path, campaign=CAMPAIGN)
    expected = [samples.everything(record) for one in generations for record in one.records]
    assert [samples.everything(record) for record in of(sealed)] == expected
    with segment.opened(sealed.path) as file:
        for place, one in enumerate(generations):
            columns = generation_columns(file.take, place, *sealed.offsets[place : place + 2])
            names = {name for name in packed(one) if not name.startswith("generation.")}
            assert columns.keys() == names


def test_a_later_diagnosis_of_a_network_replaces_the_earlier_one() -> None:
    record = samples.record(1)
    outcome = replace(samples.outcome(1), diagnoses=(WENT,))
    later = replace(samples.outcome(2), diagnoses=(WENT._replace(late_loss=9.0),))

    assert record.diagnosed(outcome).diagnoses == (WENT,)
    assert record.diagnosed(outcome).diagnosed(later).diagnoses[0].late_loss == 9.0
    assert record.diagnosed(outcome).diagnosed(samples.outcome(3)).diagnoses == (WENT,)


def test_the_facts_of_a_record_have_them_where_there_are_any() -> None:
    record = samples.record(1)

    facts = record_facts(replace(record, diagnoses=(WENT,)))

    assert "diagnoses" not in record_facts(record)
    assert facts["diagnoses"] == [WENT._asdict()]
