from dataclasses import replace

import archive_samples as samples
import numpy as np
import pytest

from archive.history import History
from archive.novelty import NoveltyArchive
from archive.reader import Reader
from evo.types import Novelty


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def crowd(count, *, seed=0, text=384, behaviour=64):
    rng = np.random.default_rng(seed)
    return (
        unit(rng.standard_normal((count, text))),
        (4 * rng.standard_normal((count, behaviour))).astype(np.float32),
    )


def full(count, **settings):
    archive = NoveltyArchive(384, 64, **settings)
    archive.add([f"known-{i}" for i in range(count)], *crowd(count))
    return archive


def novelties(archive, texts, behaviours):
    return [archive.novelty(*pair) for pair in zip(texts, behaviours, strict=True)]


def test_n_scores_are_those_of_a_plain_search_in_float64():
    archive = full(300)
    texts, behaviours = crowd(300)
    text, behaviour = (vectors[5] for vectors in crowd(20, seed=1))

    novelty = archive.novelty(text, behaviour)

    cosines = texts.astype(float) @ text.astype(float)
    cosines /= np.linalg.norm(texts.astype(float), axis=1) * np.linalg.norm(text.astype(float))
    distances = np.sqrt(((behaviours.astype(float) - behaviour) ** 2).mean(axis=1))
    assert novelty == Novelty(
        pytest.approx(1 - cosines.max(), rel=1e-12),
        pytest.approx(distances.min(), rel=1e-12),
        f"known-{cosines.argmax()}",
        f"known-{distances.argmin()}",
    )


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5])
def test_small_distances_are_not_lost_in_rounding(distance):
    archive = full(1000)
    texts, behaviours = crowd(1000)
    near = (behaviours[7] + distance).astype(np.float32)

    novelty = archive.novelty(texts[7], near)

    exact = np.sqrt(((near.astype(float) - behaviours[7]) ** 2).mean())
    assert novelty.behaviour == pytest.approx(exact, rel=1e-12)
    assert novelty.nearest_behaviour == "known-7"


def test_the_nearest_is_found_among_neighbours_that_float32_cannot_tell_apart():
    near = np.ones(64, dtype=np.float32)
    far = near.copy()
    far[0] = np.nextafter(far[0], np.float32(2))
    archive = NoveltyArchive(2, 64)
    archive.add(["far", "near"], unit(np.ones((2, 2))), np.stack([far, near]))

    novelty = archive.novelty(unit(np.ones(2)), np.zeros(64, dtype=np.float32))

    assert (novelty.behaviour, novelty.nearest_behaviour) == (1.0, "near")


def test_a_known_component_has_no_novelty_at_all():
    archive = full(50)
    texts, behaviours = crowd(50)

    novelty = archive.novelty(texts[3], behaviours[3])

    assert novelty == Novelty(0.0, 0.0, "known-3", "known-3")


def test_a_batch_gives_the_bits_of_single_questions():
    archive = full(200)
    texts, behaviours = crowd(60, seed=2)

    together = novelties(archive, texts, behaviours)

    assert together == [archive.novelty(*pair) for pair in zip(texts, behaviours, strict=True)]


def test_asking_does_not_make_known_and_adding_does():
    archive = full(5)
    texts, behaviours = crowd(1, seed=3)
    before = novelties(archive, texts, behaviours)

    assert novelties(archive, texts, behaviours) == before
    archive.add(["new"], texts, behaviours)

    assert archive.novelty(texts[0], behaviours[0]) == Novelty(0.0, 0.0, "new", "new")
    assert len(archive) == 6


def test_an_empty_archive_has_no_answer():
    with pytest.raises(AssertionError, match="add the baselines first"):
        NoveltyArchive(2, 2).novelty(np.ones(2, np.float32), np.ones(2, np.float32))


def test_a_vector_that_is_not_finite_is_our_own_bug():
    with pytest.raises(AssertionError, match="behaviour vector is not finite"):
        NoveltyArchive(2, 1).add(["a"], unit(np.ones((1, 2))), np.full((1, 1), np.inf, np.float32))


@pytest.mark.parametrize(("distance", "twin"), [(0.0009, "known-4"), (0.0011, None)])
def test_a_duplicate_lies_within_the_threshold(distance, twin):
    archive = full(20, duplicate_within=1e-3)
    _, behaviours = crowd(20)

    assert archive.duplicate_of(behaviours[4] + np.float32(distance)) == twin


def test_nothing_repeats_an_empty_archive():
    assert NoveltyArchive(2, 2).duplicate_of(np.ones(2, np.float32)) is None


def test_within_a_batch_the_first_of_its_likes_is_the_original():
    archive = full(20)
    _, behaviours = crowd(20)
    _, (fresh, other) = crowd(2, seed=4)
    batch = np.stack([fresh, behaviours[2], other, fresh + np.float32(1e-5), fresh])

    twins = archive.duplicates(["a", "b", "c", "d", "e"], batch)

    assert twins == [None, "known-2", None, "a", "a"]


def test_an_archive_rebuilt_from_history_gives_the_same_n_scores_bit_for_bit(tmp_path):
    texts, behaviours = crowd(30)
    archive = NoveltyArchive(384, 64)
    records = []
    for i, (text, behaviour) in enumerate(zip(texts, behaviours, strict=True)):
        novelty = archive.novelty(text, behaviour) if i else Novelty(1.0, 1.0, "", "")
        archive.add([samples.record(i).id], text[None], behaviour[None])
        vectors = {"text_vector": text, "behaviour_vector": behaviour}
        records += [
            replace(samples.record(i), novelty=novelty, **vectors),
            samples.refused(100 + i),
        ]
    with History.create(tmp_path / "run", config={}, environment={}) as history:
        history.seal(0, records[:20], [])
        history.seal(1, records[20:], [])

    rebuilt = NoveltyArchive(384, 64)
    rebuilt.add_records(Reader.read(tmp_path / "run").records)

    newcomers = crowd(40, seed=9)
    assert len(rebuilt) == 30
    assert novelties(rebuilt, *newcomers) == novelties(archive, *newcomers)
