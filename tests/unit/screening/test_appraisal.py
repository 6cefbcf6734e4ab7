from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evo.report.pictures import efficiency as picture
from evo.screening.appraisal import Evaluated, Judgement, forward, held_out, matrix, ranked
from evo.screening.efficiency import Efficiency
from evo.screening.model import Example
from evo.screening.trust import Trust


def evaluated() -> Evaluated:
    """Two sources that follow one law, a third that follows the opposite, a fourth too small."""
    rng = np.random.default_rng(2)
    sources = ["one"] * 50 + ["two"] * 50 + ["contrary"] * 50 + ["small"] * 5
    block = rng.standard_normal((len(sources), 6)).astype(np.float32)
    sign = np.where(np.array(sources) == "contrary", -1, 1)
    rate = 1 / (1 + np.exp(-2 * sign * block[:, 0].astype(np.float64)))
    features = {"behaviour": block, "propagation": block}
    return Evaluated(features, Example(rate, np.full(len(rate), 0.03)), rate, sources)


def test_what_one_source_teaches_holds_for_another_of_the_same_law_alone() -> None:
    pairs = matrix(evaluated(), seed=0)

    assert {name for pair in pairs for name in pair} == {"one", "two", "contrary"}
    assert pairs["one", "two"].area.value > 0.8
    assert pairs["one", "one"].area.value > 0.7
    assert pairs["one", "contrary"].area.value < 0.3


def test_nobody_is_ranked_by_a_model_that_learned_from_it() -> None:
    world = evaluated()
    rng = np.random.default_rng(3)
    noise = rng.random(len(world.performance))
    drawn = Evaluated(
        world.features, Example(noise, np.full(len(noise), 0.1)), noise, world.sources
    )

    expected = held_out(drawn, np.arange(len(noise)), seed=0).expected

    assert abs(np.corrcoef(expected, noise)[0, 1]) < 0.3


def test_each_part_is_predicted_by_what_came_before_it_alone() -> None:
    world = evaluated()  # the third part follows the opposite law, which nothing before it says
    parts = np.repeat([1, 2, 3, 4], [50, 50, 50, 5])

    ahead = forward(world, parts)

    assert list(ahead) == [2, 3]  # nothing is before the first, and the fourth is too small
    assert ahead[2].correlation > 0.8
    assert ahead[3].correlation < -0.8
    assert 0.5 < ahead[2].contrast < 1.5


def test_intervals_of_a_model_hold_their_share_of_what_follows_its_law() -> None:
    world = evaluated()
    forecasts = held_out(world, np.arange(100), seed=0)

    for level in (0.5, 0.8, 0.95):
        assert forecasts.coverage(level) == pytest.approx(level, abs=0.3)
    assert 0.5 < forecasts.overconfidence < 2
    assert (forecasts.measured == world.performance[:100]).all()
    timid = replace(forecasts, spread=10 * forecasts.spread, error=10 * forecasts.error)
    assert timid.coverage(0.5) > forecasts.coverage(0.5)
    assert timid.overconfidence == pytest.approx(forecasts.overconfidence / 10)


def test_an_interval_holds_its_estimate_and_narrows_with_candidates() -> None:
    rng = np.random.default_rng(4)
    widths = []
    for count in (60, 1200):
        came = rng.random(count)
        told = ranked(came + 0.3 * rng.standard_normal(count), came, seed=0)
        assert told.area.low <= told.area.value <= told.area.high
        widths.append(told.area.high - told.area.low)
    assert widths[1] < widths[0]


@given(
    arrays.arrays(np.float64, 40, elements=st.floats(0, 1)),
    arrays.arrays(np.float64, 40, elements=st.floats(0, 1), unique=True),
)
def test_a_curve_rises_from_nothing_to_all_and_no_ranking_beats_the_truth(promise, came) -> None:
    curve, best = Efficiency.of(promise, came), Efficiency.of(came, came)

    assert curve.recall[0] == 0 and curve.recall[-1] == pytest.approx(1)
    assert (np.diff(curve.recall) >= 0).all()
    assert (curve.recall <= best.recall + 1e-12).all()


def test_the_picture_draws_every_pair() -> None:
    world = evaluated()
    everyone = np.arange(len(world.performance))
    forecasts = held_out(world, everyone, seed=0)
    overall = ranked(forecasts.expected, world.performance, seed=0)
    judged = Judgement(
        ["run"],
        len(everyone),
        True,
        Trust(0.5, 40, 0, 1),
        overall,
        "operator",
        matrix(world, seed=0),
        forecasts,
    )

    figure = picture.draw_efficiency(judged)

    assert len(figure.axes[1].get_legend_handles_labels()[1]) == 1 + 9
