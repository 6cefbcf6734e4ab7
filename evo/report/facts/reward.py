"""The facts of `evo reward`: how well a reward model ranks the candidates of campaigns."""

from collections.abc import Mapping
from typing import Any

from evo.core.arrays import Floats
from evo.screening.appraisal import Forecasts, Judgement, Ranked

LEVELS = (0.5, 0.8, 0.95)
"""Probabilities of the intervals whose coverage is given."""
_STEPS = 100
"""Points of the curve, evenly spaced."""


def reward_facts(judgement: Judgement) -> dict[str, Any]:
    """The JSON document of `evo reward --json`."""
    trust, overall = judgement.trust, judgement.overall
    return {
        "campaigns": list(judgement.names),
        "evaluated": judgement.evaluated,
        "screening": judgement.screening,
        "trust": {
            "earned": trust.is_earned,
            "rank_correlation": trust.correlation,
            "candidates": trust.count,
            "bias": trust.bias,
            "error_in_deviations": trust.overconfidence,
        },
        "calibration": {
            "bias": judgement.forecasts.bias,
            "error_in_deviations": judgement.forecasts.overconfidence,
            "coverage": [
                {"nominal": level, "measured": judgement.forecasts.coverage(level)}
                for level in LEVELS
            ],
        },
        **ranked_facts(overall),
        "curve": [
            {"evaluated": step / _STEPS, "found": overall.curve.at(step / _STEPS)}
            for step in range(_STEPS + 1)
        ],
        "by": judgement.by,
        "matrix": matrix_facts(judgement.pairs),
    }


def forecast_columns(forecasts: Forecasts) -> dict[str, Floats]:
    """Margins of each candidate, (n,): predicted, the prediction's deviation, and measured."""
    return {
        "expected": forecasts.expected,
        "spread": forecasts.spread,
        "measured": forecasts.measured,
    }


def matrix_facts(pairs: Mapping[tuple[str, str], Ranked]) -> list[dict[str, Any]]:
    """One row per source learned from and source tested on."""
    return [
        {"learned_from": teacher, "tested_on": test, **ranked_facts(ranked)}
        for (teacher, test), ranked in pairs.items()
    ]


def ranked_facts(ranked: Ranked) -> dict[str, Any]:
    """Share of the best found at a quarter, and area under the curve, with intervals."""
    return {
        "found_at_quarter": ranked.recall.value,
        "found_at_quarter_ci": [ranked.recall.low, ranked.recall.high],
        "area": ranked.area.value,
        "area_ci": [ranked.area.low, ranked.area.high],
    }


def ahead_facts(forecasts: Mapping[int, Forecasts]) -> list[dict[str, Any]]:
    """The accuracy with which models of earlier parts of a search predicted each part."""
    return [
        {
            "part": part,
            "candidates": len(one.expected),
            "rank_correlation": one.correlation,
            "bias": one.bias,
            "error_in_deviations": one.overconfidence,
            "contrast": one.contrast,
        }
        for part, one in forecasts.items()
    ]
