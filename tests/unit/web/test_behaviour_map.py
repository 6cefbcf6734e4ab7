"""The map of a large campaign is made of a sample, and always has its best and the baselines."""

import numpy as np
import pytest

from archive.history.in_memory import InMemory
from archive.history.reader import Reader
from archive.history.records import Records
from archive.store.record_columns import pack_records
from evo.report.facts.index import Index
from evo.web.figures.behaviour_map import map_figure, projected


@pytest.fixture(scope="module")
def records(small_campaign):
    return list(Reader.read(small_campaign).records)


def _in_segments(records, size: int) -> Records:
    parts = [records[start : start + size] for start in range(0, len(records), size)]
    segments = [InMemory(pack_records(part), len(part)) for part in parts]
    return Records(segments, lambda: segments)


@pytest.mark.parametrize("descriptor", ["behaviour", "text"])
def test_a_sample_has_the_best_and_the_baselines_however_the_records_are_divided(
    records, descriptor
) -> None:
    index = Index.of(records)
    whole, parts = (
        projected(_in_segments(records, size), descriptor, index, sample=5)
        for size in (len(records), 7)
    )

    known = [i for i, record in enumerate(records) if getattr(record, f"{descriptor}_vector").size]
    wanted = [i for i in known if index.full[i] or index.baseline[i]]
    assert set(wanted) <= set(whole.places.tolist()) <= set(known)
    assert len(wanted) < len(whole.places) < whole.vectors == len(known)
    assert np.array_equal(whole.places, parts.places)
    assert np.allclose(whole.points, parts.points)
    assert f"{len(whole.places)} of {len(known)} vectors" in str(map_figure(index, whole, {}))


def test_a_small_campaign_is_shown_whole(records) -> None:
    shown = projected(_in_segments(records, 7), "behaviour", Index.of(records))

    vectors = np.stack([records[place].behaviour_vector for place in shown.places])
    assert len(shown.places) == shown.vectors
    limit = np.quantile(np.abs(vectors), 0.999)
    centred = np.clip(vectors, -limit, limit)
    centred = centred - centred.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    assert np.allclose(np.abs(shown.points), np.abs(centred @ axes[:2].T), atol=1e-5)
