"""Confirm a campaign's best: longer training, fresh seeds, and tasks that the search did not use.

The search picks the best of many by the same seeds, so its own figures are optimistic. Results here
are independent of that choice. Only graphs from history are needed: no candidate source runs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from archive.history.confirmations import Confirmations, outcomes_of
from evo.campaign import process
from evo.campaign.config import Config
from evo.campaign.environment import environment
from evo.campaign.given import names_of_baselines
from evo.compute.workers import Workers
from evo.core.errors import BudgetReachedError, EvoError
from evo.core.records import Record
from evo.core.trials import JobKey, Outcome, Trial
from evo.evaluation.protocol import Job
from evo.evaluation.statistics.paired_test import confirm_candidates
from evo.report.facts.verdicts import baseline_facts, failed_facts, verdict_facts
from evo.studies.confirm_plan import ConfirmationPlan

OnTraining = Callable[[int, int], None]
"""Called with the number of trainings done and their total."""


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
