"""Fidelity of the evaluator: its rank agreement with a panel of full trainings."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from evo.api.judging import Source, evaluate_records
from evo.campaign.config import Config
from evo.core.errors import UsageError
from evo.core.estimate import Estimate
from evo.core.records import Record, Status
from evo.core.trials import Trial
from evo.evaluation.statistics.rank_agreement import (
    accuracy_ranks,
    kendall,
    loss_ranks,
    split_half_agreement,
)
from evo.studies.panel import Measure, Panel, PanelComponent, Ranks, Truth


class Agreement(NamedTuple):
    """Agreement of one ranking with one truth.

    Attributes:
        rung: of the ranking.
        measure: of the ranking: "loss", "accuracy", "margin", "b_wr" or "bsota_wr".
        truth: measure of the full training.
        network: of the full training, or "combined".
        tau: Kendall's.
    """

    rung: int
    measure: str
    truth: Measure
    network: str
    tau: Estimate


class Fidelity(NamedTuple):
    """The results of `evo fidelity`.

    Attributes:
        agreements: of every measure with every truth.
        seconds: processor seconds of each function, all rungs together.
    """

    agreements: list[Agreement]
    seconds: list[float]


def measure_fidelity(panel: Panel, config: Config, *, unsafe_sandbox: bool = False) -> Fidelity:
    """Agreement of a configuration's protocol with a panel's truth.

    Every function trains at every rung, for all its trials.

    Raises:
        UsageError: a function of the panel is invalid, or fails to train.
    """
    sources = [(name, component.source) for name, component in panel.functions.items()]
    records = _evaluated(sources, config, unsafe_sandbox=unsafe_sandbox)
    agreements: list[Agreement] = []
    for rung in range(len(config.protocol.rungs)):
        trials = [_at(record, rung) for record in records]
        by_loss = loss_ranks(trials)
        agreements += _agreements(panel, rung, "loss", "loss", by_loss)
        agreements += _agreements(panel, rung, "loss", "accuracy", by_loss)
        agreements += _agreements(panel, rung, "accuracy", "accuracy", accuracy_ranks(trials))
    last = len(config.protocol.rungs) - 1
    scores = [record.scored for record in records]
    for name, values in (
        ("margin", [score.margin.value for score in scores]),
        ("b_wr", [score.b_wr.value for score in scores]),
        ("bsota_wr", [score.bsota_wr.value for score in scores]),
    ):
        agreements += _agreements(panel, last, name, "loss", -np.array(values))
        agreements += _agreements(panel, last, name, "accuracy", -np.array(values))
    return Fidelity(agreements, [record.seconds for record in records])


def fidelity_facts(fidelity: Fidelity, panel: Panel, config: Config) -> dict[str, Any]:
    """The JSON document of `evo fidelity --json`."""
    return {
        "functions": len(panel.functions),
        "networks": panel.networks,
        "halves": panel.halves,
        "tau": [
            {
                **agreement._asdict(),
                "tau": agreement.tau.value,
                "tau_ci": [agreement.tau.low, agreement.tau.high],
            }
            for agreement in fidelity.agreements
        ],
        "seconds_per_candidate": float(np.mean(fidelity.seconds)),
        "seconds": dict(zip(panel.functions, fidelity.seconds, strict=True)),
        "tasks": list(config.tasks),
        "protocol": config.protocol.model_dump(mode="json"),
    }


def make_panel(sources: Sequence[Source], config: Config, *, unsafe_sandbox: bool = False) -> Panel:
    """Make a panel by full training: every seed at every learning rate of the last rung.

    Raises:
        UsageError: two sources have one name, or one is invalid or fails to train.
    """
    names = [name for name, _ in sources]
    if len(set(names)) < len(names):
        raise UsageError(f"Expected files of different names, got {', '.join(names)}.")
    last = config.protocol.rungs[-1]
    full = config.protocol.for_everyone.model_copy(
        update={"rungs": (last,), "rate_seeds": last.seeds}
    )
    in_full = config.model_copy(update={"protocol": full})
    records = _evaluated(sources, in_full, unsafe_sandbox=unsafe_sandbox)
    about = (
        f"{len(names)} components of kind {config.kind} after full training: {last.epochs} epochs, "
        f"{last.seeds} seeds, batches of {full.batch_size}, the best of learning rates "
        f"{', '.join(map(str, full.learning_rates))}, on {', '.join(config.tasks)}."
    )
    functions = {
        name: PanelComponent(source=source, truth=_truth(record))
        for (name, source), record in zip(sources, records, strict=True)
    }
    trials = [record.scored.trials for record in records]
    halves: dict[Measure, float | None] = {
        "loss": split_half_agreement(trials, loss_ranks),
        "accuracy": split_half_agreement(trials, accuracy_ranks),
    }
    return Panel(
        about=about,
        kind=config.kind,
        functions=functions,
        halves={measure: tau for measure, tau in halves.items() if tau is not None},
    )


def _evaluated(sources: Sequence[Source], config: Config, *, unsafe_sandbox: bool) -> list[Record]:
    """One evaluated record per source."""
    records = evaluate_records(sources, config, unsafe_sandbox=unsafe_sandbox)
    for (name, _), record in zip(sources, records, strict=True):
        if record.status is not Status.EVALUATED:
            raise UsageError(f"{name} cannot be measured: {record.status}: {record.reason}.")
    return records


def _agreements(
    panel: Panel, rung: int, measure: str, truth: Measure, ranks: Ranks
) -> list[Agreement]:
    return [
        Agreement(rung, measure, truth, network, kendall(ranks, known))
        for network, known in panel.ranks(truth).items()
    ]


def _at(record: Record, rung: int) -> list[Trial]:
    return [trial for trial in record.scored.trials if trial.rung == rung]


def _truth(record: Record) -> dict[str, Truth]:
    by_network: dict[str, list[Trial]] = {}
    for trial in record.scored.trials:
        by_network.setdefault(f"{trial.task}/{trial.network}", []).append(trial)
    return {
        name: Truth(
            loss=_finite(float(np.mean([trial.loss for trial in trials]))),
            accuracy=float(np.mean([trial.accuracy for trial in trials])),
            learning_rate=trials[0].learning_rate,
        )
        for name, trials in by_network.items()
    }


def _finite(loss: float) -> float | None:
    return loss if np.isfinite(loss) else None
