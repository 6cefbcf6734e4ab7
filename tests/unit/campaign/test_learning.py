"""A campaign whose baselines learn nothing ends before anything is compared with them."""

import math
from collections.abc import Sequence

import pytest

from evo.campaign.learning import expect_learning
from evo.core.errors import UselessCampaignError
from evo.core.records import Candidate, Record
from evo.core.trials import Trial
from evo.evaluation.statistics.win_rates import score_baselines


def baselines(accuracies: Sequence[float], *, task: str = "digits", loss: float = 1.0) -> list:
    """A baseline of four trials for each accuracy."""
    trials = {
        f"id{place}": [Trial(0, task, "mlp", seed, 0.01, loss, accuracy) for seed in range(4)]
        for place, accuracy in enumerate(accuracies)
    }
    scores = score_baselines(trials)
    candidate = Candidate.of("activation", "", operator="baseline")
    return [Record(candidate, generation=0, score=score) for score in scores.values()]


def test_one_that_learns_is_enough() -> None:
    expect_learning(baselines([0.10, 0.11, 0.30]), ["digits"])
    expect_learning(baselines([0.0, 0.4], task="harmonics"), ["harmonics"])


@pytest.mark.parametrize("accuracies", [[0.10, 0.10], [0.08, 0.13, 0.12]])
def test_the_accuracy_of_guessing_is_no_learning(accuracies: list[float]) -> None:
    with pytest.raises(UselessCampaignError, match=r"chance on task 'digits'.*class gives 0\.10"):
        expect_learning(baselines(accuracies), ["digits"])


def test_a_regression_that_explains_nothing_is_no_learning() -> None:
    with pytest.raises(UselessCampaignError, match=r"chance on task 'harmonics'.*variance"):
        expect_learning(baselines([0.0, 0.005], task="harmonics"), ["harmonics"])


def test_baselines_that_all_diverge_are_no_baselines() -> None:
    with pytest.raises(UselessCampaignError, match="All 2 baselines diverged in every trial"):
        expect_learning(baselines([0.0, 0.0], loss=math.inf), ["digits"])


def test_tasks_that_nothing_was_trained_on_are_left_alone() -> None:
    expect_learning(baselines([0.5, 0.5], task="another"), ["digits"])
