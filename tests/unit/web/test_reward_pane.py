"""The reward pane: how sure a model may be of its predictions."""

import numpy as np
import pytest
from support.web import Visitor

from evo.core.estimate import Estimate
from evo.report.facts.reward import forecast_columns, reward_facts
from evo.screening.appraisal import Forecasts, Judgement, Ranked
from evo.screening.efficiency import Efficiency
from evo.screening.trust import Trust
from evo.web.figures.reward import calibration_figure, efficiency_figure


@pytest.fixture
def judgement() -> Judgement:
    rng = np.random.default_rng(0)
    expected, spread = rng.normal(0, 0.1, 40), np.full(40, 0.05)
    forecasts = Forecasts(expected, spread, expected + rng.normal(0, 0.05, 40), 0 * spread)
    curve = Efficiency.of(expected, forecasts.measured)
    ranked = Ranked(curve, Estimate(0.9, 0.8, 1.0), Estimate(0.9, 0.8, 1.0))
    return Judgement(["run"], 40, True, Trust(0.5, 40, 0.0, 1.0), ranked, "operator", {}, forecasts)


def test_measured_margins_are_set_against_held_out_predictions(judgement):
    ids = [f"<b>{number}" for number in range(40)]

    drawn = calibration_figure(reward_facts(judgement), forecast_columns(judgement.forecasts), ids)

    points = drawn["data"][0]
    assert points["x"] == pytest.approx(judgement.forecasts.expected, rel=1e-4)
    assert points["y"] == pytest.approx(judgement.forecasts.measured, rel=1e-4)
    assert points["customdata"][7] == "&lt;b&gt;7"
    assert points["error_x"]["array"][0] == pytest.approx(1.96 * 0.05)
    inside = np.mean(np.abs(judgement.forecasts.deviations) <= 1.96)
    assert f"{inside:.0%} within 95%" in drawn["caption"]


def test_efficiency_says_whether_trust_is_earned(judgement):
    drawn = efficiency_figure(reward_facts(judgement))

    assert "the first quarter holds 90% of the best" in drawn["caption"]
    assert "Trust is earned: rank correlation 0.50 over 40" in drawn["caption"]


def test_both_are_measured_only_when_asked_for(runs):
    pages = [Visitor(runs).get(f"/c/small/reward{query}").text for query in ("", "?appraise=1")]

    for name in ("efficiency", "calibration"):
        assert [f"figures/{name}.json" in page for page in pages] == [False, True]
