"""The trials of one candidate against the baselines: log-ratio of losses, by network and seed."""

import math
from collections.abc import Mapping, Sequence

from evo.core.trials import Trial, TrialKey
from evo.web.figures.spec import COLOURS, SYMBOLS, Figure, figure, numbers, plain_text


def trial_figure(
    trials: Sequence[Trial], baselines: Mapping[str, Mapping[TrialKey, float]], fresh_seed: int
) -> Figure:
    """One point per trial at the highest rung, above 0 where it beats every baseline.

    Args:
        trials: of the candidate.
        baselines: losses by id and trial.
        fresh_seed: the first of the fresh seeds, which are drawn open.
    """
    if not trials or not baselines:
        return figure([], note="It was not trained.")
    rung = max(trial.rung for trial in trials)
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.rung == rung:
            groups.setdefault(f"{trial.task} · {trial.network}", []).append(trial)
    data = []
    for number, (name, group) in enumerate(groups.items()):
        ratios = [log_ratio(trial, baselines) for trial in group]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [trial.seed for trial in group],
                "y": numbers(math.nan if ratio is None else ratio for ratio in ratios),
                "name": plain_text(name),
                "marker": {
                    "color": COLOURS[number % len(COLOURS)],
                    "symbol": [
                        SYMBOLS[number % len(SYMBOLS)] + ("-open" if t.seed >= fresh_seed else "")
                        for t in group
                    ],
                    "size": 9,
                },
                "hovertemplate": "seed %{x}: %{y:.3f}",
            }
        )
    return figure(
        data,
        x="seed; open symbols are fresh ones",
        y="log(best baseline's loss / own loss)",
        showlegend=True,
    )


def best_baseline(
    trial: Trial, baselines: Mapping[str, Mapping[TrialKey, float]]
) -> tuple[str, float] | None:
    """Id and loss of the baseline that is best in the same trial; None where none has it."""
    losses = [(losses[trial.key], id_) for id_, losses in baselines.items() if trial.key in losses]
    if not losses:
        return None
    loss, id_ = min(losses)
    return id_, loss


def log_ratio(trial: Trial, baselines: Mapping[str, Mapping[TrialKey, float]]) -> float | None:
    """log(best baseline's loss / own loss); None where either is lost or unknown."""
    best = best_baseline(trial, baselines)
    if best is None or not (math.isfinite(trial.loss) and math.isfinite(best[1])):
        return None
    return math.log(best[1] / trial.loss) if trial.loss > 0 and best[1] > 0 else None
