import numpy as np
import pytest

from archive.novelty.neighbours import PROBED_CELLS, Neighbours


def vectors(count, *, seed=0):
    """As real ones lie: in clusters."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(99).standard_normal((40, 32))
    spread = 0.3 * rng.standard_normal((count, 32))
    return (middles[rng.integers(40, size=count)] + spread).astype(np.float32)


def filled(count, *, step, probed_cells=PROBED_CELLS):
    """Cells from 1,024 vectors on, in blocks of 64, so that a test passes every threshold."""
    index = Neighbours(many=1024, block=64, probed_cells=probed_cells)
    rows = vectors(count)
    for start in range(0, count, step):
        part = rows[start : start + step]
        index.add([str(start + i) for i in range(len(part))], part)
        if step < count:
            index.near(part[:1], 1)  # who asks on the way must not change what is found later
    return index


def nearest(index, queries, count):
    found = []
    for query, (ids, rows) in zip(queries, index.near(queries, count), strict=True):
        order = np.argsort(((rows - query) ** 2).sum(axis=1), kind="stable")[:count]
        found.append([int(ids[place]) for place in order])
    return found


@pytest.mark.parametrize("count", [1, 12, 1000, 1023])
def test_few_are_searched_one_and_all(count):
    rows, queries = vectors(count), vectors(30, seed=1)
    index = filled(count, step=count)

    found = nearest(index, queries, 3)

    gaps = ((rows[None].astype(float) - queries[:, None]) ** 2).sum(axis=2)
    assert found == np.argsort(gaps, axis=1, kind="stable")[:, :3].tolist()


@pytest.mark.parametrize("count", [1024, 1100, 3000, 4500])
def test_many_are_found_again_nearly_always(count):
    rows, queries = vectors(count), vectors(400, seed=1)
    index = filled(count, step=count)

    found = [place for (place,) in nearest(index, queries, 1)]

    gaps = ((rows[None].astype(float) - queries[:, None]) ** 2).sum(axis=2)
    assert np.mean(np.array(found) == gaps.argmin(axis=1)) >= 0.99


def test_every_vector_finds_itself_among_many():
    rows = vectors(2500)

    found = nearest(filled(2500, step=2500), rows, 1)

    assert found == [[place] for place in range(2500)]


@pytest.mark.parametrize("count", [1023, 1024, 1500, 2047, 2048, 3333])
@pytest.mark.parametrize("step", [1000, 37])
def test_an_index_answers_as_one_that_was_filled_at_once(count, step):
    # So few cells that much is missed: what is missed must be the same.
    queries, few = vectors(50, seed=2), 2

    grown = filled(count, step=step, probed_cells=few)
    rebuilt = filled(count, step=count, probed_cells=few)

    for (ids, rows), (other_ids, others) in zip(
        grown.near(queries, 5), rebuilt.near(queries, 5), strict=True
    ):
        assert ids == other_ids
        assert rows.tobytes() == others.tobytes()


def test_vectors_come_back_as_they_were_given():
    rows = vectors(1300)

    for ids, found in filled(1300, step=1300).near(rows[::50], 2):
        assert found.astype(np.float32).tobytes() == rows[[int(name) for name in ids]].tobytes()


def test_nothing_is_near_where_nothing_is_known():
    ((ids, rows),) = Neighbours().near(np.ones((1, 3), np.float32), 1)

    assert (list(ids), rows.shape) == ([], (0, 3))
