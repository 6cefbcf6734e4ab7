"""Stop a campaign whose baselines learn nothing: win rates against them would say nothing.

Baselines that diverge in every trial of a task, and baselines of which not even the best can be
told from a constant guess, are errors with a remedy, raised before generation 0 is sealed.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean

import torch

from evo.core.errors import UselessCampaignError
from evo.core.records import Record
from evo.core.trials import Trial
from evo.evaluation.statistics.trial_values import at_highest_rung
from evo.tasks.base import Data, LoopTask, tasks
from evo.tasks.objective import Classification, Regression

_LEVEL = 0.05
"""Chance that a task on which nothing can be learned passes."""


def expect_learning(baselines: Sequence[Record], task_names: Sequence[str]) -> None:
    """Check that baselines learn something on every task.

    Args:
        baselines: trained and scored.
        task_names: the campaign's tasks.

    Raises:
        UselessCampaignError: on a task, all of them diverge, or the best is as good as a guess.
    """
    for name in task_names:
        trials = [
            [trial for trial in at_highest_rung(record.scored.trials) if trial.task == name]
            for record in baselines
        ]
        trials = [of_one for of_one in trials if of_one]
        if not trials:
            continue
        if all(math.isinf(trial.loss) for of_one in trials for trial in of_one):
            raise UselessCampaignError(
                f"All {len(trials)} baselines diverged in every trial of task {name!r} (NaN or "
                "infinite losses), so nothing can be compared with them. Lower "
                "protocol.learning_rates, and check the scale of the task's inputs and targets."
            )
        task = tasks.get(name)()
        if isinstance(task, LoopTask):
            if len(trials) > 1 and _are_alike(trials):
                raise UselessCampaignError(
                    f"All {len(trials)} baselines have the same results in every trial of task "
                    f"{name!r}, so its loop does not depend on the component that it takes from "
                    "`parts`. Check that what it returns is of the model that it trained."
                )
            continue
        data = task.load()
        if problem := _like_a_guess(trials, data):
            raise UselessCampaignError(
                f"The baselines cannot be told from chance on task {name!r}: {problem}. Win rates "
                "would be noise. Train longer (protocol.rungs), try other "
                "protocol.learning_rates, and check that targets belong to their inputs."
            )


def _are_alike(trials: Sequence[Sequence[Trial]]) -> bool:
    """True if all baselines have the same losses, seed by seed."""
    return len({tuple(trial.loss for trial in of_one) for of_one in trials}) == 1


def _like_a_guess(trials: Sequence[Sequence[Trial]], data: Data) -> str:
    """Reason to think that the best baseline guessed, in words; empty where it has learned."""
    accuracies = [fmean(trial.accuracy for trial in of_one) for of_one in trials]
    # The best of many guesses looks better than one: Bonferroni's correction.
    deviations = NormalDist().inv_cdf(1 - _LEVEL / len(trials))
    samples = len(data.test.targets)
    if isinstance(data.objective, Classification):
        share = _largest_share(data)
        needed = share + deviations * math.sqrt(share * (1 - share) / samples)
        if max(accuracies) > min(needed, (1 + share) / 2):
            return ""
        return (
            f"the best has accuracy {max(accuracies):.3f} on {samples} test samples, and guessing "
            f"the most frequent class gives {share:.3f}"
        )
    if isinstance(data.objective, Regression):
        # Under chance a squared correlation is about the square of a normal number over n.
        if max(accuracies) > min(deviations**2 / samples, 0.5):
            return ""
        return (
            f"the best explains {max(accuracies):.3f} of the variance of {samples} test samples "
            "(R²), and guessing the mean explains 0"
        )
    return ""


def _largest_share(data: Data) -> float:
    """Share of the most frequent class among the samples that tests are drawn from."""
    targets = data.samples.targets if data.pooled else data.test.targets
    return torch.bincount(targets).max().item() / len(targets)
