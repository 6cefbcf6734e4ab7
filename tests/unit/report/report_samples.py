"""Small campaigns in memory: records with trials, scored as the engine scores them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from support import records

from evo.core.records import BASELINE_OPERATOR, Record, Score
from evo.core.trials import Trial
from evo.evaluation.statistics.win_rates import score, score_baselines
from evo.report.facts.analysis import analyse
from evo.report.facts.front import FRONT_OBJECTIVES
from evo.report.facts.objectives import objectives_of
from evo.report.facts.overview import Overview, sample_by_operator

NETWORKS, SEEDS = ("wide", "deep"), range(6)
KNOWN = {"relu": 1.0, "tanh": 1.3}
"""Baselines and their losses."""


def trials(loss: float, *, rung: int = 1, spread: float = 0.1, salt: int = 0) -> list[Trial]:
    rng = np.random.default_rng(salt)
    return [
        trial
        for network in NETWORKS
        for trial in records.trials(
            loss + spread * rng.standard_normal(len(SEEDS)), rung=rung, network=network
        )
    ]


def record(
    name: str,
    loss: float,
    n_score: float,
    *,
    rung: int = 1,
    spread: float = 0.1,
    **known: Any,
) -> Record:
    """A candidate that was trained against `KNOWN`; `name` becomes its id."""
    salt = sum(name.encode())
    losses = trials(loss, rung=rung, spread=spread, salt=salt)
    rng = np.random.default_rng(salt)
    text = rng.standard_normal(8).astype(np.float32)
    fields: dict[str, Any] = {
        "source": f"def activation(x):\n    return {name}(x)\n",
        "operator": "mutate-tree",
        "seconds": 1.0,
        "score": score(losses, _rivals(rung)),
    }
    return records.evaluated(
        name,
        n_score=n_score,
        text_vector=text / np.linalg.norm(text),
        behaviour_vector=rng.standard_normal(16).astype(np.float32),
        **{**fields, **known},
    )


def baselines() -> list[Record]:
    """`KNOWN` as records of generation 0."""
    scores = score_baselines(_rivals(1))
    found = [
        record(name, loss, 0.2, generation=0, operator=BASELINE_OPERATOR)
        for name, loss in KNOWN.items()
    ]
    return [_with_score(each, scores) for each in found]


def overview(
    records: Sequence[Record],
    *,
    name: str = "alpha",
    keys: Sequence[str] = FRONT_OBJECTIVES,
    is_curve: bool = True,
    lineage: Sequence[Record] = (),
) -> Overview:
    samples, totals = sample_by_operator(records)
    grid = np.linspace(-8, 8, 16, dtype=np.float32)
    return Overview(
        name=name,
        title=f"{name}: activation on digits",
        analysis=analyse(records, objectives_of(keys)),
        names={known: known for known in KNOWN},
        abscissae=grid if is_curve else None,
        outputs=lambda each: np.tanh(grid) * len(each.id),
        samples=samples,
        totals=totals,
        lineage=lineage,
    )


def words(path: Path) -> str:
    """The text of an SVG, without its tags."""
    return " ".join(re.findall(r">([^<>]+)</", path.read_text()))


def _rivals(rung: int) -> Mapping[str, Sequence[Trial]]:
    return {
        name: trials(loss, rung=rung, salt=number)
        for number, (name, loss) in enumerate(KNOWN.items())
    }


def _with_score(found: Record, scores: Mapping[str, Score]) -> Record:
    short = trials(KNOWN[found.id], rung=0, salt=list(KNOWN).index(found.id))
    own = replace(scores[found.id], trials=(*short, *scores[found.id].trials))
    return replace(found, score=own)
