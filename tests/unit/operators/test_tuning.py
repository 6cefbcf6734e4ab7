import numpy as np
import pytest

from operators.tree.tuning import EvaluatedPoint, next_positions

BEST = np.array([0.7, -0.4])


def margin(position: np.ndarray) -> float:
    return -0.2 * float(np.sum((position - BEST) ** 2))


def point(*position: float, rung: int = 1, error: float = 0.03, off: float = 0.0) -> EvaluatedPoint:
    return EvaluatedPoint(position, margin(np.array(position)) + off, rung, error)


def searched(seed: int, evaluations: int, noise: float) -> float:
    """Truth of the best as seen after some rounds of ask and tell."""
    rng = np.random.default_rng(seed)
    points = [point(0.0, 0.0)]
    for _ in range(evaluations):
        position = next(next_positions(points, rng))
        points.append(point(*position.tolist(), off=noise * rng.standard_normal()))
    return margin(np.array(max(points, key=lambda known: known.margin).position))


def by_chance(seed: int, evaluations: int) -> float:
    """The same by steps of one size from the start."""
    rng = np.random.default_rng(seed)
    return max(margin(rng.normal(0.0, 0.6, 2)) for _ in range(evaluations))


def test_asking_and_telling_finds_the_best_numbers() -> None:
    found = [searched(seed, 15, noise=0.01) for seed in range(8)]

    assert np.median(found) > -0.01
    assert np.median(found) > np.median([by_chance(seed, 15) for seed in range(8)])


def test_requests_of_one_moment_differ() -> None:
    points = [point(0.0, 0.0), point(0.5, 0.0), point(0.0, -0.5), point(1.0, 1.0)]

    asked = [next(next_positions(points, np.random.default_rng(seed))) for seed in range(12)]

    assert len({tuple(position.tolist()) for position in asked}) == 12


@pytest.mark.parametrize("count", [1, 2])
def test_with_few_points_it_steps_from_the_best_by_several_sizes(count: int) -> None:
    points = [point(0.0, 0.0), point(5.0, 5.0)][:count]

    asked = [next(next_positions(points, np.random.default_rng(seed))) for seed in range(40)]

    sizes = [float(np.max(np.abs(position))) for position in asked]
    assert min(sizes) < 0.1
    assert 0.8 < max(sizes) < 5


def test_every_step_moves_something() -> None:
    points = [point(0.0, 0.0)]

    for seed in range(20):
        assert np.any(next(next_positions(points, np.random.default_rng(seed))) != 0)


def test_what_is_known_draws_the_search_to_its_side() -> None:
    points = [point(z, 0.0) for z in (-1.5, -0.75, 0.0, 0.5)]

    asked = [next(next_positions(points, np.random.default_rng(seed)))[0] for seed in range(20)]

    assert np.median(asked) > 0.2


def test_a_lucky_and_uncertain_margin_at_a_lower_rung_moves_it_little() -> None:
    sound = [point(z, 0.0) for z in (0.3, 0.6, 0.9)]
    lucky = point(-2.0, 0.0, rung=0, error=0.15, off=1.6)
    assert lucky.margin > max(known.margin for known in sound)

    asked = [
        next(next_positions([*sound, lucky], np.random.default_rng(seed)))[0] for seed in range(20)
    ]

    assert np.median(asked) > -0.5


def test_one_disaster_does_not_flatten_the_rest() -> None:
    known = [point(z, 0.0) for z in (-0.5, 0.0, 0.3, 0.6)]
    lost = EvaluatedPoint((1.5, 0.0), -3.0, 1, 0.03)

    asked = [
        next(next_positions([*known, lost], np.random.default_rng(seed)))[0] for seed in range(20)
    ]

    assert 0.1 < np.median(asked) < 1.2
