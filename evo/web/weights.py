"""Current draw rates of operators and language models, by what their candidates achieved."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from evo.core.adaptation import Tally, shares
from evo.web.campaign import LiveCampaign


class DrawWeight(NamedTuple):
    """The rate at which something is drawn.

    Attributes:
        name: of the operator or model.
        configured: its share by the configuration.
        now: its share of the next draws.
        proposed: candidates in the recent generations that this follows from.
        survived: those of them in the population when their generation was sealed.
    """

    name: str
    configured: float
    now: float
    proposed: int
    survived: int


def operator_weights(campaign: LiveCampaign) -> list[DrawWeight]:
    """Weights of all operators that are drawn, the largest first."""
    weights = {k: float(v) for k, v in campaign.config.get("operators", {}).items() if v > 0}
    if not weights:
        return []
    settings: Mapping[str, Any] = campaign.config.get("portfolio", {})
    tallies = _recent(campaign, "operator", int(settings.get("window", 10)))
    even = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    now = even
    if settings.get("adaptive"):
        now = shares(weights, tallies, floor=float(settings.get("floor", 0.2)))
    return _weights(even, now, tallies)


def model_chances(campaign: LiveCampaign) -> list[DrawWeight]:
    """Mean of each language model's posterior survival rate, as the bandit draws from it."""
    models = campaign.config.get("llm", {}).get("models", [])
    labels = [
        m.get("name") or m["model"].replace("\\", "/").rpartition("/")[2][:80] for m in models
    ]
    if not labels:
        return []
    window = int(campaign.config.get("portfolio", {}).get("window", 10))
    tallies = _recent(campaign, "model", window)
    even = dict.fromkeys(labels, 1 / len(labels))
    known = {label: tallies.get(label, Tally()) for label in labels}
    now = {label: (1 + t.survived) / (2 + t.proposed) for label, t in known.items()}
    return _weights(even, now, tallies)


def _weights(
    even: Mapping[str, float], now: Mapping[str, float], tallies: Mapping[str, Tally]
) -> list[DrawWeight]:
    rows = [
        DrawWeight(
            name,
            even[name],
            now[name],
            tallies.get(name, Tally()).proposed,
            tallies.get(name, Tally()).survived,
        )
        for name in even
    ]
    return sorted(rows, key=lambda row: -row.now)


def _recent(campaign: LiveCampaign, column: str, window: int) -> dict[str, Tally]:
    """Tallies by operator or model over the latest generations."""
    return campaign.cached(("recent", column, window), lambda: _tallied(campaign, column, window))


def _tallied(campaign: LiveCampaign, column: str, window: int) -> dict[str, Tally]:
    index, reader = campaign.index, campaign.reader
    tallies: dict[str, Tally] = {}
    for generation in range(max(1, reader.generation - window + 1), reader.generation + 1):
        survivors = set(reader.population(generation))
        here = index.stretch(generation)
        for place in (here.start + np.flatnonzero(index.proposed[here])).tolist():
            name = index.texts[column][place]
            one = Tally(1, int(index.texts["id"][place] in survivors))
            tallies[name] = tallies.get(name, Tally()).plus(one)
    return tallies
