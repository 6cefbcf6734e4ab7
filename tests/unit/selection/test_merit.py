import pytest
from selection_pools import ids, individual, record

from evo.core.performance import has_merit
from evo.selection.individual import Individual
from evo.selection.merit import Merit, appraise


def novelties(*pool: Individual) -> dict[str, float]:
    return {appraised.record.id: appraised.novelty for appraised in appraise(pool)}


def test_merit_is_to_beat_half_of_the_baselines() -> None:
    assert has_merit(record("half", 0.5, 0.1))
    assert not has_merit(record("less", 0.49, 0.9))


def test_novelty_counts_only_with_merit() -> None:
    found = novelties(
        individual("best", 0.9, 0.3, at=(0.0,)),
        individual("worthy", 0.5, 0.4, at=(5.0,)),
        individual("exotic loser", 0.4, 9.0, at=(50.0,)),
    )

    assert found == {"best": 0.3, "worthy": 0.4, "exotic loser": 0.0}


def test_an_exotic_loser_does_not_survive_by_its_novelty() -> None:
    pool = [individual(f"good{n}", 0.6 + n / 20, 0.1, at=(float(n),)) for n in range(6)]
    pool.append(individual("exotic loser", 0.1, 99.0, at=(99.0,)))

    assert "exotic loser" not in ids(Merit()(pool, 4))


def test_of_two_that_compute_nearly_the_same_the_better_one_keeps_its_novelty() -> None:
    found = novelties(
        individual("better", 0.9, 2.0, at=(1.0, 1.0)),
        individual("shadow", 0.8, 2.0, at=(1.0, 1.1)),
    )

    assert found["better"] == 2.0
    assert found["shadow"] == pytest.approx(0.1 / 2**0.5, rel=1e-5)


def test_the_n_score_at_arrival_bounds_novelty_whatever_is_far_away_now() -> None:
    found = novelties(
        individual("better", 0.9, 2.0, at=(0.0,)),
        individual("near a baseline", 0.8, 0.05, at=(7.0,)),
    )

    assert found["near a baseline"] == 0.05


def test_a_novel_one_with_merit_survives_before_a_better_one_in_a_shadow() -> None:
    pool = [
        individual("best", 1.0, 0.2, at=(0.0,)),
        individual("shadow", 0.9, 0.2, at=(0.01,)),
        individual("shadow of shadow", 0.8, 0.2, at=(0.02,)),
        individual("another way", 0.7, 3.0, at=(3.0,)),
    ]

    assert set(ids(Merit()(pool, 2))) == {"best", "another way"}
