from itertools import groupby

import numpy as np
import pytest

from archive.history.history import History
from archive.history.reader import Reader
from evo.core.records import Status
from evo.report.facts.exported import exported
from evo.report.facts.index import Index
from evo.web.query import SORTS, Query


@pytest.fixture(scope="module")
def records(runs):
    return Reader.read(runs / "small").records


@pytest.fixture(scope="module")
def index(records):
    return Index().extended(records)


def test_an_index_holds_what_the_records_hold(records, index):
    for place, record in enumerate(records):
        assert index.texts["id"][place] == record.id
        assert index.texts["source"][place] == record.candidate.source
        assert index.parents[place] == record.candidate.parents
        assert index.proposed[place] == record.is_proposal
        if record.score is not None:
            assert index.numbers["margin"][place] == record.score.margin.value
            assert index.numbers["b_wr_low"][place] == record.score.b_wr.low


def test_losses_and_metrics_are_those_of_an_export(records, index):
    rows = [row for _, row in exported(records)]

    for name in ("loss", "metric"):
        expected = [np.nan if row[name] is None else row[name] for row in rows]
        np.testing.assert_allclose(index.measures(name), expected)
        assert np.isfinite(index.measures(name)[index.full]).all()


def test_the_means_of_some_are_those_of_all(index):
    places = [len(index) - 1, 0, 40, 3]

    for some, whole in zip(index.means_at(places), index.means, strict=True):
        np.testing.assert_array_equal(some, whole[places])


def test_the_lowest_loss_comes_first_at_the_first_click():
    assert Query().sorted_by("loss") == "sort=loss&order=up"
    assert Query().sorted_by("metric") == "sort=metric"
    assert Query(sort="loss", ascending=True).sorted_by("loss") == "sort=loss"


def test_an_index_that_is_extended_equals_one_made_at_once(records, index, tmp_path, runs):
    grown = Index()
    config = Reader.read(runs / "small").config
    with History.create(tmp_path / "grows", config=config, environment={}) as history:
        for generation, members in groupby(records, lambda record: record.generation):
            history.seal(generation, list(members), [])
            grown = grown.extended(history.records)
            assert len(grown.means.loss) == len(grown)

    assert grown.texts == index.texts
    assert grown.parents == index.parents
    for name, column in index.numbers.items():
        np.testing.assert_array_equal(grown.numbers[name], column)
    for grown_means, means in zip(grown.means, index.means, strict=True):
        np.testing.assert_array_equal(grown_means, means)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("ascending", [True, False])
def test_rows_are_sorted_and_those_without_a_value_come_last(index, sort, ascending):
    places = Query(sort=sort, ascending=ascending).places(index)

    values = index.measures(sort)[places]
    if sort in ("margin", "b_wr", "bsota_wr", "loss", "metric"):
        values = values[index.full[places]]
    known = values[~np.isnan(values)]
    assert len(places) == index.proposed.sum()
    assert np.isnan(values[len(known) :]).all()
    assert (np.diff(known) >= 0).all() if ascending else (np.diff(known) <= 0).all()


@pytest.mark.parametrize("status", Status)
def test_a_status_selects_its_candidates(index, status):
    places = Query(status=status.value).places(index)

    assert len(places) == index.counts()[status]
    assert {index.texts["status"][place] for place in places} <= {status.value}


def test_all_words_of_a_search_must_be_there(index):
    both = Query(text="TANH mul").places(index)
    first, second = (set(Query(text=word).places(index)) for word in ("tanh", "mul"))

    assert set(both) == first & second
    assert set(both) < first


def test_an_address_says_what_a_query_is(index):
    query = Query("x y&z", "full", "mutate-tree", "m", 3, "b_wr", ascending=True, page=2)
    address = query.address(page=2)
    parameters = dict(part.split("=") for part in address.split("&"))
    decoded = {k: v.replace("+", " ").replace("%26", "&") for k, v in parameters.items()}

    assert Query.of(decoded) == query


@pytest.mark.parametrize(
    "parameters",
    [{"page": "-1"}, {"page": "99999999999"}, {"sort": "id"}, {"generation": "²"}, {"page": "0"}],
)
def test_what_makes_no_sense_in_an_address_is_left_out(index, parameters):
    assert Query.of(parameters) == Query()
