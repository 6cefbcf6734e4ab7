"""Confirm a campaign's best: longer training, fresh seeds, and tasks that the search did not use.

The search picks the best of many by the same seeds, so its own figures are optimistic. Results here
are independent of that choice. Only graphs from history are needed: no candidate source runs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from archive.history.confirmations import Confirmations, outcomes_of
from archive.history.reader import Reader
from evo.campaign import process
from evo.campaign.config import Config, parse
from evo.campaign.environment import environment
from evo.campaign.given import names_of_baselines
from evo.campaign.needs import device_of
from evo.campaign.ready_tasks import prepare_tasks
from evo.compute.workers import Workers
from evo.core.errors import BudgetReachedError, EvoError, UsageError
from evo.core.performance import performance
from evo.core.records import JobKey, Outcome, Record, Trial
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.evaluation.statistics.paired_test import confirm_candidates, fewest_seeds
from evo.report.facts.front import fully_evaluated, pareto_front
from evo.report.facts.verdicts import baseline_facts, failed_facts, verdict_facts
from evo.studies.confirm_defaults import further_tasks, usual_epochs
from evo.tasks.base import network_counts

FRESH = 1_000_000
"""Offset of the seeds from the first of the search: no search uses that many."""

OnTraining = Callable[[int, int], None]
"""Called with the number of trainings done and their total."""


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


def carry_out(
    confirmation: ConfirmationPlan,
    watch: OnTraining,
    *,
    siblings: Sequence[Path] = (),
    limit_s: float = math.inf,
    workers: Callable[[Config], Workers] | None = None,
) -> Path:
    """Train all that was not trained before under these settings; the path of the results.

    Args:
        confirmation: the plan.
        watch: told of every training.
        siblings: campaigns whose confirmations under the same settings count.
        limit_s: processor time that new trainings may take; one may go beyond.
        workers: starts the workers, as `process.workers` does.

    Raises:
        BudgetReachedError: the time is used up; what has trained is saved.
        EvoError: a baseline cannot be trained, so nothing can be compared with it.
        HistoryError: the campaign's folder cannot be written, or another process confirms it.
    """
    settings = {
        "kind": confirmation.config.kind,
        "device": confirmation.config.device,
        "protocol": confirmation.config.protocol.model_dump(mode="json"),
        "environment": environment(),
    }
    with Confirmations.open(confirmation.campaign, settings=settings) as book:
        known = outcomes_of(siblings, settings=settings)
        outcomes = _train(
            confirmation,
            book,
            watch,
            known=known,
            limit_s=limit_s,
            workers=workers or process.workers,
        )
        facts = _facts(confirmation, _by_component(confirmation, outcomes))
        return book.write({"evo": version("evo-search"), **settings, **facts})


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


def _train(
    confirmation: ConfirmationPlan,
    book: Confirmations,
    watch: OnTraining,
    *,
    known: Mapping[JobKey, Outcome],
    limit_s: float,
    workers: Callable[[Config], Workers],
) -> dict[str, Outcome]:
    """Outcomes of all components on all tasks, by job id."""
    components = (*confirmation.baselines, *confirmation.candidates)
    total = len(components) * len(confirmation.config.tasks)
    outcomes: dict[str, Outcome] = {}
    used_s = 0.0
    jobs = {
        task: [Job(_job_id(task, record), record.graphs, rung=0) for record in components]
        for task in confirmation.config.tasks
    }
    # Of all tasks before any trains: the pace of what trains says how long the rest takes.
    for job in (job for of_task in jobs.values() for job in of_task):
        if job.key in known and job.key not in book.outcomes:
            book.acknowledge(replace(known[job.key], seconds=0.0))
        if job.key in book.outcomes:
            outcomes[job.id] = book.outcomes[job.key]
    watch(len(outcomes), total)
    for task, of_task in jobs.items():
        # One task at a time, so that an interruption loses little.
        if not (missing := [job for job in of_task if job.id not in outcomes]):
            continue
        with workers(confirmation.config.model_copy(update={"tasks": (task,)})) as pool:
            for outcome in pool.run(missing):
                if used_s > limit_s:
                    raise BudgetReachedError("the hours of confirmation are used up")
                # A failure may be the machine's: the next confirmation tries again.
                if outcome.trials or not outcome.error:
                    book.acknowledge(outcome)
                outcomes[outcome.id] = outcome
                used_s += outcome.seconds
                watch(len(outcomes), total)
    return outcomes


def _job_id(task: str, record: Record) -> str:
    return f"{task}/{record.id}"


class _Trained(NamedTuple):
    """Results of training by component: its trials on all tasks, or the error."""

    trials: dict[str, tuple[Trial, ...]]
    errors: dict[str, str]


def _by_component(confirmation: ConfirmationPlan, outcomes: dict[str, Outcome]) -> _Trained:
    trained = _Trained({}, {})
    for record in (*confirmation.baselines, *confirmation.candidates):
        of_record = [outcomes[_job_id(task, record)] for task in confirmation.config.tasks]
        errors = [outcome.error for outcome in of_record if not outcome.trials]
        if errors and record.is_baseline:
            raise EvoError(f"Baseline {record.id} could not be trained: {errors[0]}.")
        if errors:
            trained.errors[record.id] = errors[0]
        else:
            trained.trials[record.id] = tuple(
                trial for outcome in of_record for trial in outcome.trials
            )
    return trained


def _facts(confirmation: ConfirmationPlan, trained: _Trained) -> dict[str, Any]:
    """The facts of a confirmation: settings, verdicts, and every trial behind them."""
    names = names_of_baselines(confirmation.config.model_dump(mode="json"))
    baselines = {record.id: trained.trials[record.id] for record in confirmation.baselines}
    verdicts = confirm_candidates(
        {r.id: trained.trials[r.id] for r in confirmation.candidates if r.id in trained.trials},
        baselines,
        tested=len(confirmation.candidates),
    )
    return {
        "campaign": confirmation.campaign.resolve().name,
        "generation": confirmation.generation,
        "tasks": list(confirmation.config.tasks),
        "searched": list(confirmation.searched),
        "seeds": list(confirmation.config.protocol.heats(0)[0]),
        "candidates": [
            failed_facts(record, trained.errors[record.id])
            if record.id in trained.errors
            else verdict_facts(
                record, verdicts[record.id], trained.trials[record.id], baselines, names
            )
            for record in confirmation.candidates
        ],
        "baselines": [baseline_facts(id_, trials, names) for id_, trials in baselines.items()],
    }
