"""Thompson sampling over language models, by the chance that a candidate of each survives.

Thompson sampling (W. R. Thompson 1933; O. Chapelle and L. Li, "An empirical evaluation of Thompson
sampling", 2011): a draw from the posterior of each model's survival rate, a Beta distribution over
the recent sealed generations. Where we differ: the draw is divided by 1 + w · c, c being the
model's mean price for a candidate relative to the dearest, so that of equals the cheaper is asked.
A model of unknown price counts as the dearest.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from evo.core.adaptation import Tally

_FLOOR = 0.1
"""Share of the requests that is spread evenly, so that a model may recover from a bad start."""


def choose_model(
    models: Sequence[str],
    tallies: Mapping[str, Tally],
    rng: np.random.Generator,
    *,
    cost_weight: float,
) -> str:
    """The model of the next request.

    Args:
        models: labels, in the order of the configuration.
        tallies: recent successes per label.
        rng: draws.
        cost_weight: w above; 0 ignores the price.
    """
    known = [tallies.get(model, Tally()) for model in models]
    if len(models) == 1:
        return models[0]
    if rng.random() < _FLOOR:
        return models[int(rng.integers(len(models)))]
    costs = np.array([tally.cost_usd / max(tally.proposed, 1) for tally in known])
    dearest = np.max(costs[~np.isnan(costs)], initial=0.0)
    relative = np.where(np.isnan(costs), 1.0, costs / dearest if dearest > 0 else 0.0)
    survived = np.array([tally.survived for tally in known])
    fallen = np.array([tally.proposed for tally in known]) - survived
    draws = rng.beta(1 + survived, 1 + fallen) / (1 + cost_weight * relative)
    return models[int(draws.argmax())]
