"""The climb of a search as facts for `--json`."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from evo.campaign.climb import Ascent, Climb
from evo.core.records import Generation, Record


def climb_of(records: Iterable[Record], config: Mapping[str, Any]) -> Climb | None:
    """The climb of a campaign as of its last generation; None without records.

    Args:
        records: all of it, in order.
        config: its configuration.
    """
    ascent = Ascent(fresh_seed(config))
    for generation, group in groupby(records, lambda record: record.generation):
        ascent.take(Generation(generation, list(group), []))
    return ascent.now


def climb_facts(climb: Climb | None) -> dict[str, Any] | None:
    """A part of the document of `evo status --json`; None before a candidate is evaluated."""
    if climb is None or climb.best is None:
        return None
    margin = climb.best.scored.margin
    return {
        "best": climb.best.id,
        "margin": margin.value,
        "margin_ci": [margin.low, margin.high],
        "best_excess": climb.best_excess,
        "remeasured": climb.remeasured,
        "excess": climb.excess,
        "mean_margin": climb.mean_margin,
        "ahead_of_parents": climb.ahead,
        "parents_with_merit": climb.parents_with_merit,
        "still_for": climb.still_for,
        "warning": climb.warning or None,
    }


def fresh_seed(config: Mapping[str, Any]) -> int:
    """First of the fresh seeds, see `Protocol.fresh_seed`, without parsing a configuration."""
    protocol = config["protocol"]
    return int(protocol["first_seed"]) + int(protocol["rungs"][-1]["seeds"])
