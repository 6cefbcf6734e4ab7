from dataclasses import replace

import numpy as np
import pytest
from support import archive_samples as samples

from archive.history.history import History
from archive.history.reader import Reader
from archive.novelty.novelty_archive import NoveltyArchive
from evo.core.novelty import Novelty
from evo.core.records import BASELINE_OPERATOR, Generation


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def crowd(count, *, seed=0, text=384, behaviour=64):
    rng = np.random.default_rng(seed)
    return (
        unit(rng.standard_normal((count, text))),
        (4 * rng.standard_normal((count, behaviour))).astype(np.float32),
    )


def full(count, **settings):
    archive = NoveltyArchive(**settings)
    archive.add([f"known-{i}" for i in range(count)], *crowd(count))
    return archive


def newcomer(text, behaviour, name="new", *, number=0):
    one = samples.record(number)
    return replace(
        one,
        candidate=replace(one.candidate, id=name),
        text_vector=np.asarray(text, np.float32),
        behaviour_vector=np.asarray(behaviour, np.float32),
    )


def novelty(archive, text, behaviour):
    (n_scores,) = archive.n_scores([newcomer(text, behaviour)])
    return n_scores


def arrive(archive, record):
    """The record with its N-scores, known to the archive from then on."""
    (n_scores,) = archive.n_scores([record])
    archive.add_records([arrived := replace(record, novelty=n_scores)])
    return arrived


def newcomers(count, *, seed):
    pairs = zip(*crowd(count, seed=seed), strict=True)
    return [newcomer(*pair, f"new-{i}") for i, pair in enumerate(pairs)]


def test_n_scores_are_those_of_a_plain_search_in_float64():
    texts, behaviours = crowd(300)
    text, behaviour = (vectors[5] for vectors in crowd(20, seed=1))

    found = novelty(full(300), text, behaviour)

    cosines = texts.astype(float) @ text.astype(float)
    cosines /= np.linalg.norm(texts.astype(float), axis=1) * np.linalg.norm(text.astype(float))
    distances = np.sqrt(((behaviours.astype(float) - behaviour) ** 2).mean(axis=1))
    assert found == Novelty(
        pytest.approx(1 - cosines.max(), rel=1e-12),
        pytest.approx(distances.min(), rel=1e-12),
        f"known-{cosines.argmax()}",
        f"known-{distances.argmin()}",
    )


@pytest.mark.parametrize("k", [2, 5, 40])
def test_more_neighbours_give_their_mean_distance_and_the_nearest_of_them(k):
    texts, behaviours = crowd(30)
    text, behaviour = (vectors[5] for vectors in crowd(20, seed=1))

    found = novelty(full(30, neighbours=k), text, behaviour)

    cosines = np.sort(1 - unit(texts.astype(float)).astype(float) @ text)
    distances = np.sqrt(((behaviours.astype(float) - behaviour) ** 2).mean(axis=1))
    assert found.text == pytest.approx(cosines[:k].mean(), rel=1e-5)
    assert found.behaviour == pytest.approx(np.sort(distances)[:k].mean(), rel=1e-12)
    assert found.nearest_behaviour == f"known-{distances.argmin()}"


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5])
def test_small_distances_are_not_lost_in_rounding(distance):
    texts, behaviours = crowd(1000)
    near = (behaviours[7] + distance).astype(np.float32)

    found = novelty(full(1000), texts[7], near)

    exact = np.sqrt(((near.astype(float) - behaviours[7]) ** 2).mean())
    assert found.behaviour == pytest.approx(exact, rel=1e-12)
    assert found.nearest_behaviour == "known-7"


def test_the_nearest_is_found_among_neighbours_that_float32_cannot_tell_apart():
    near = np.ones(64, dtype=np.float32)
    far = near.copy()
    far[0] = np.nextafter(far[0], np.float32(2))
    archive = NoveltyArchive()
    archive.add(["far", "near"], unit(np.ones((2, 2))), np.stack([far, near]))

    found = novelty(archive, unit(np.ones(2)), np.zeros(64))

    assert (found.behaviour, found.nearest_behaviour) == (1.0, "near")


def test_a_known_component_has_no_novelty_at_all():
    texts, behaviours = crowd(50)

    found = novelty(full(50), texts[3], behaviours[3])

    assert found == Novelty(0.0, 0.0, "known-3", "known-3")


@pytest.mark.parametrize("against", ["all", "archive"])
@pytest.mark.parametrize("k", [1, 3])
def test_together_newcomers_get_the_bits_that_they_get_one_by_one(against, k):
    settings = {"neighbours": k, "against": against}
    records = newcomers(60, seed=2)
    records[7] = replace(records[7], text_vector=records[2].text_vector)
    one_by_one = full(200, **settings)

    together = full(200, **settings).n_scores(records)

    assert together == [arrive(one_by_one, record).novelty for record in records]
    assert (together[7].nearest_text, together[7].text > 0) == ("new-2", k > 1)


def test_a_measured_newcomer_is_known_once_its_generation_is_taken_in():
    archive = full(5)
    (text,), (behaviour,) = crowd(1, seed=3)

    first, again = (novelty(archive, text, behaviour) for _ in range(2))
    assert first.nearest_text.startswith("known-")
    assert first == again
    assert len(archive) == 5

    archive.take(Generation(1, [replace(newcomer(text, behaviour), novelty=first)], ()))
    assert novelty(archive, text, behaviour) == Novelty(0.0, 0.0, "new", "new")
    assert len(archive) == 6


def test_nobody_arrives():
    assert full(5).n_scores([]) == []


def points(*places):
    return np.array(places, np.float32)[:, None].repeat(4, axis=1)


def on_a_line(**settings):
    """Baselines at 0 and 10, candidates at 4, 5 and 6; texts all alike."""
    archive = NoveltyArchive(**settings)
    archive.add(["zero", "ten"], unit(np.ones((2, 3))), points(0, 10), baselines=True)
    archive.add(["four", "five", "six"], unit(np.ones((3, 3))), points(4, 5, 6))
    return archive


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (1.0, "zero")),
        ({"against": "baselines"}, (1.0, "zero")),
        ({"against": "archive"}, (3.0, "four")),
        ({"neighbours": 2}, (2.0, "zero")),
        ({"against": "baselines", "neighbours": 2}, (5.0, "zero")),
        ({"against": "archive", "neighbours": 3}, (4.0, "four")),
        ({"against": "archive", "neighbours": 4}, (4.0 - 0.75, "zero")),
    ],
)
def test_n_scores_are_taken_against_what_is_asked_for(settings, expected):
    found = novelty(on_a_line(**settings), unit(np.ones(3)), points(1)[0])

    assert (found.behaviour, found.nearest_behaviour) == (pytest.approx(expected[0]), expected[1])


@pytest.mark.parametrize("against", ["all", "baselines", "archive"])
def test_duplicates_are_looked_for_everywhere(against):
    twins = on_a_line(against=against).duplicates(["a", "b", "c"], points(10, 5, 7))

    assert twins == ["ten", "five", None]


def test_an_empty_archive_has_no_answer():
    with pytest.raises(AssertionError, match="add the baselines first"):
        novelty(NoveltyArchive(), np.ones(2), np.ones(2))


def test_a_vector_that_is_not_finite_is_our_own_bug():
    with pytest.raises(AssertionError, match="not finite"):
        NoveltyArchive().add(["a"], unit(np.ones((1, 2))), np.full((1, 1), np.inf, np.float32))


@pytest.mark.parametrize(("distance", "twin"), [(0.0009, "known-4"), (0.0011, None)])
def test_a_duplicate_lies_within_the_threshold(distance, twin):
    archive = full(20, duplicate_within=1e-3)
    _, behaviours = crowd(20)

    assert archive.duplicates(["new"], behaviours[4:5] + np.float32(distance)) == [twin]


def test_nothing_repeats_an_empty_archive():
    assert NoveltyArchive().duplicates(["a"], np.ones((1, 2), np.float32)) == [None]


def test_within_a_batch_the_first_of_its_likes_is_the_original():
    archive = full(20)
    _, behaviours = crowd(20)
    _, (fresh, other) = crowd(2, seed=4)
    batch = np.stack([fresh, behaviours[2], other, fresh + np.float32(1e-5), fresh])

    twins = archive.duplicates(["a", "b", "c", "d", "e"], batch)

    assert twins == [None, "known-2", None, "a", "a"]


@pytest.mark.parametrize("against", ["all", "baselines", "archive"])
def test_an_archive_rebuilt_from_history_gives_the_same_n_scores_bit_for_bit(tmp_path, against):
    archive = NoveltyArchive(neighbours=2, against=against)
    records = []
    for i, pair in enumerate(zip(*crowd(30), strict=True)):
        one = replace(newcomer(*pair, number=i), candidate=samples.record(i).candidate)
        if i < 5:
            baseline = replace(one.candidate, operator=BASELINE_OPERATOR)
            archive.add_records([one := replace(one, candidate=baseline)])
        else:
            one = arrive(archive, one)
        records += [one, samples.refused(100 + i)]
    with History.create(tmp_path / "run", config={}, environment={}) as history:
        history.seal(0, records[:20], [])
        history.seal(1, records[20:], [])

    rebuilt = NoveltyArchive(neighbours=2, against=against)
    rebuilt.add_records(Reader.read(tmp_path / "run").records)

    assert len(rebuilt) == 30
    assert rebuilt.n_scores(newcomers(40, seed=9)) == archive.n_scores(newcomers(40, seed=9))


def test_without_embeddings_there_is_no_text_score_and_the_behaviour_score_is_the_same():
    _, behaviours = crowd(40)
    with_text, without = full(40), NoveltyArchive()
    without.add([f"known-{i}" for i in range(40)], np.zeros((40, 0), np.float32), behaviours)
    text, behaviour = (vectors[5] for vectors in crowd(20, seed=1))

    expected = novelty(with_text, text, behaviour)

    assert len(without) == 40
    assert novelty(without, [], behaviour) == expected._replace(text=None, nearest_text="")
