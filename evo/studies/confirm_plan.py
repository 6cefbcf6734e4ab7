"""Plan a confirmation: candidates, tasks and the protocol that they train by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.history.reader import Reader
from evo.campaign.config import Config, parse
from evo.campaign.needs import device_of
from evo.campaign.ready_tasks import prepare_tasks
from evo.core.errors import UsageError
from evo.core.performance import performance
from evo.core.records import Record
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.statistics.paired_test import fewest_seeds
from evo.report.facts.front import fully_evaluated, pareto_front
from evo.studies.confirm_defaults import further_tasks, usual_epochs
from evo.tasks.base import network_counts

FRESH = 1_000_000
"""Offset of the seeds from the first of the search: no search uses that many."""


@dataclass(frozen=True)
class ConfirmationPlan:
    """Candidates, baselines and protocol of a confirmation.

    Attributes:
        campaign: the campaign's folder.
        generation: its last sealed one, as the candidates were chosen.
        searched: the tasks that the search used.
        config: the campaign's, with the tasks and the protocol of the confirmation.
        candidates: the front and the best, best performance first.
        baselines: that they are compared with.
    """

    campaign: Path
    generation: int
    searched: tuple[str, ...]
    config: Config
    candidates: tuple[Record, ...]
    baselines: tuple[Record, ...]


def plan(
    history: Reader,
    *,
    top: int,
    epochs: int | None,
    seeds: int,
    extra_tasks: Sequence[str] | None = None,
    chosen: Sequence[Record] = (),
) -> ConfirmationPlan:
    """Plan the confirmation of a campaign's front and its best `top` candidates.

    Args:
        history: the campaign.
        top: number of the best by performance added to the front.
        epochs: of every training; None takes `usual_epochs`.
        seeds: number of fresh seeds.
        extra_tasks: tasks added to the campaign's own; None takes `further_tasks`.
        chosen: candidates to confirm in place of front and best.

    Raises:
        UsageError: there is no candidate yet, too few seeds, or an unknown task or device.
    """
    config = parse(history.config, where=str(history.folder / "config.json"))
    device_of(config)
    last = len(config.protocol.rungs) - 1
    candidates = tuple(chosen) or _candidates(history, top, last=last)
    if seeds < (fewest := fewest_seeds(len(candidates))):
        raise UsageError(
            f"{seeds} seeds cannot confirm any of {len(candidates)} candidates. "
            f"Take at least {fewest}: --seeds {fewest}."
        )
    if extra_tasks is None:
        extra_tasks = further_tasks(config.tasks)
    names = tuple(dict.fromkeys([*config.tasks, *extra_tasks]))
    prepare_tasks(config.kind, names)
    rung = Rung(epochs=epochs or usual_epochs(config.tasks, config.protocol), seeds=seeds)
    protocol = _protocol(config.protocol, rung)
    update = {
        "tasks": names,
        "protocol": protocol,
        "timeout_s": _patience_s(config, protocol, names),
    }
    return ConfirmationPlan(
        campaign=history.folder,
        generation=history.generation,
        searched=config.tasks,
        config=config.model_copy(update=update),
        candidates=candidates,
        baselines=tuple(record for record in history.records if record.is_baseline),
    )


def _candidates(history: Reader, top: int, *, last: int) -> tuple[Record, ...]:
    """The front and the best `top` by performance, best first, all of the last rung."""
    complete = [record for record in fully_evaluated(history.records) if record.scored.rung == last]
    if not complete:
        raise UsageError(
            f"{history.folder} has no candidate yet that trained at its last rung: there is "
            "nothing to confirm. Let it run longer, then try again."
        )
    ranked = sorted(complete, key=performance, reverse=True)
    chosen = {record.id for record in (*pareto_front(history.records).members, *ranked[:top])}
    return tuple(record for record in ranked if record.id in chosen)


def _protocol(search: Protocol, full: Rung) -> Protocol:
    """The search's learning rates and batches; every seed at every rate, without racing."""
    return Protocol.model_validate(
        {
            **search.model_dump(),
            "rungs": (full,),
            "first_seed": search.first_seed + FRESH,
            "rate_seeds": full.seeds,
            "racing": False,
            "leaders": 0,
        }
    )


def work_of(config: Config, rung: Rung, extra_tasks: Sequence[str]) -> int:
    """Epochs that a confirmation trains one component for, summed over copies.

    Args:
        config: the campaign's.
        rung: epochs and seeds of the confirmation.
        extra_tasks: tasks added to the campaign's own.
    """
    protocol = _protocol(config.protocol, rung)
    counts = network_counts(tuple(dict.fromkeys([*config.tasks, *extra_tasks])))
    return sum(protocol.work(0, heat, counts) for heat in range(len(protocol.heats(0))))


def _patience_s(config: Config, protocol: Protocol, names: Sequence[str]) -> float:
    """Timeout of one training, increased with the amount of work."""

    def most(work: Protocol, networks: Sequence[int]) -> int:
        return max(
            work.work(rung, heat, networks)
            for rung in range(len(work.rungs))
            for heat in range(len(work.heats(rung)))
        )

    before = most(config.protocol, network_counts(config.tasks))
    # A confirmation trains one task at a time.
    now = max(most(protocol, [count]) for count in network_counts(names))
    return config.timeout_s * max(1.0, now / before)
