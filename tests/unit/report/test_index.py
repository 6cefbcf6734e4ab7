"""Columns in memory give the facts that the records themselves give."""

from collections import Counter
from itertools import groupby

import numpy as np
import pytest

from archive.history.reader import Reader
from archive.history.records import Records
from evo.campaign.ascent import Ascent, fresh_seed
from evo.core.records import Generation, Status
from evo.report.facts.analysis import analyse, front_chances
from evo.report.facts.climb import Climbs
from evo.report.facts.index import Index
from evo.report.facts.record import best_record
from evo.report.facts.status import StatusTally, status_facts, verdict_of
from evo.screening.verdict import ScreeningVerdict


@pytest.fixture(scope="module")
def reader(small_campaign):
    return Reader.read(small_campaign)


@pytest.fixture(scope="module")
def index(reader):
    return Index.of(reader.records)


def test_the_status_of_a_campaign_reads_no_whole_record(reader, monkeypatch) -> None:
    def refuse(_self: Records, start: int = 0, stop: int | None = None) -> None:
        raise AssertionError(f"records {start} to {stop} are read")

    monkeypatch.setattr(Records, "blocks", refuse)

    facts = status_facts(reader)

    assert facts["best"]["id"]
    assert facts["climb"]["best"]


def test_the_climb_of_columns_is_that_of_records(reader, index) -> None:
    ascent, expected = Ascent(fresh_seed(reader.config)), []
    for generation, members in groupby(reader.records, lambda record: record.generation):
        ascent.take(Generation(generation, list(members), []))
        expected.append(ascent.now)
    climbs = Climbs(fresh_seed(reader.config))
    half = Index.of(list(reader.records)[: index.stretch(2).start])

    climbs.take(half, reader.records, 0)
    climbs.take(index, reader.records, len(half))

    assert climbs.known == expected
    assert expected[-1].remeasured > 0


def test_the_status_counts_what_the_records_say(reader, index) -> None:
    tally = StatusTally(reader.config)
    tally.take(index, reader.records)

    facts = tally.facts(reader)

    proposals = [record for record in reader.records if record.is_proposal]
    counts = Counter(record.status for record in proposals)
    assert facts["proposed"] == len(proposals)
    assert facts["evaluated"] == counts[Status.EVALUATED]
    assert facts["best"]["id"] == best_record(reader.records).id
    operators = tally.authorship["operators"]
    assert {name: row["proposed"] for name, row in operators.items()} == Counter(
        record.candidate.operator for record in proposals
    )


def test_the_verdict_of_columns_is_that_of_records(reader, index) -> None:
    assert verdict_of(index) == ScreeningVerdict().after(reader.records)
    assert verdict_of(Index()) == ScreeningVerdict()


def test_ids_are_found_where_they_were_evaluated_furthest(reader, index) -> None:
    for place, record in enumerate(reader.records):
        known = index.places[record.id]
        assert index.ids[known] == record.id
        assert not index.scored[place] or index.scored[known]
    assert "nothing" not in index.places
    assert index.places.get("nothing") is None


def test_children_are_those_that_name_a_parent(reader, index) -> None:
    parent = next(record for record in reader.records if record.is_baseline).id

    expected = [
        place
        for place, record in enumerate(reader.records)
        if parent in record.candidate.parents and record.novelty and record.is_proposal
    ]
    assert index.children(parent) == expected


@pytest.mark.parametrize("word", ["tanh", "torch.m", "é", "duplicate"])
def test_a_word_is_found_where_a_text_has_it(reader, index, word) -> None:
    expected = [
        any(
            word in text.lower()
            for text in (
                record.id,
                record.candidate.source,
                record.candidate.rationale,
                record.reason,
                record.candidate.model,
            )
        )
        for record in reader.records
    ]

    np.testing.assert_array_equal(index.having(word), expected)


def test_a_word_is_not_found_across_two_texts(reader) -> None:
    records = list(reader.records)[:2]
    ends = records[0].candidate.source.lower()[-3:] + records[1].candidate.source.lower()[:3]

    assert not Index.of(records).having(ends).any()


def test_the_chances_of_columns_are_those_of_records(reader, index) -> None:
    analysis = analyse(reader.records)
    pairs = zip(analysis.records, analysis.probabilities, strict=True)
    expected = {record.id: float(chance) for record, chance in pairs if chance}

    chances = front_chances(index, reader.records)

    assert {id_: chance for id_, chance in chances.items() if chance} == expected
    assert expected
