"""Trains a campaign's best again: longer, on fresh seeds, and on tasks that it did not search on.

The search picks the best of many by the same seeds, so its own figures flatter. What is found here
owes nothing to that choice. It needs only the graphs that history holds: no candidate source runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from archive.history.confirmations import Confirmations
from archive.history.reader import Reader
from evo.campaign import build, create
from evo.components.kinds import baseline_names
from evo.compute import devices
from evo.config import Config, parse
from evo.core.errors import EvoError, UsageError
from evo.core.records import Outcome, Record, Trial
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.evaluation.statistics.paired_test import confirm_candidates, fewest_seeds
from evo.report.facts.front import fully_evaluated, pareto_front
from evo.report.facts.verdicts import baseline_facts, failed_facts, verdict_facts
from evo.selection.individual import performance
from evo.tasks.base import network_counts, tasks

CONFIRM_TASKS = ("digits", "digits-cnn", "breast-cancer")
"""Trained on beside the campaign's own tasks, where they have data or a network that those lack."""

FRESH = 1_000_000
"""How far the seeds lie above the first of the search: no search uses so many."""

OnTraining = Callable[[int, int], None]
"""Is told how many of how many trainings are done."""


@dataclass(frozen=True)
class ConfirmationPlan:
    """What a confirmation trains, and how.

    Attributes:
        campaign: the campaign's folder.
        generation: its last sealed one, as the candidates were chosen.
        searched: the tasks that the search used.
        config: the campaign's, with the tasks and the protocol of the confirmation.
        candidates: the front and the best, best performance first.
        baselines: what they are compared with.
    """

    campaign: Path
    generation: int
    searched: tuple[str, ...]
    config: Config
    candidates: tuple[Record, ...]
    baselines: tuple[Record, ...]


def plan(
    history: Reader, *, top: int, epochs: int, seeds: int, beside: Sequence[str] | None = None
) -> ConfirmationPlan:
    """What to train for the front of a campaign and its best `top` candidates.

    Args:
        history: the campaign.
        top: how many of the best by performance join the front.
        epochs: of every training.
        seeds: how many fresh ones.
        beside: tasks beside the campaign's own; None takes `CONFIRM_TASKS`.

    Raises:
        UsageError: there is no candidate yet, too few seeds, or a task or device is not there.
    """
    config = parse(history.config, where=str(history.folder / "config.json"))
    devices.resolve(config.device)
    candidates = _candidates(history, top, last=len(config.protocol.rungs) - 1)
    if seeds < (fewest := fewest_seeds(len(candidates))):
        raise UsageError(
            f"{seeds} seeds cannot confirm any of {len(candidates)} candidates. "
            f"Take at least {fewest}: --seeds {fewest}."
        )
    if beside is None:
        beside = _further(config.tasks)
    names = tuple(dict.fromkeys([*config.tasks, *beside]))
    create.prepare_tasks(config.kind, names)
    protocol = _protocol(config.protocol, Rung(epochs=epochs, seeds=seeds))
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


def carry_out(chosen: ConfirmationPlan, watch: OnTraining) -> Path:
    """Train what was not trained before under these settings; the file that holds all of it.

    Raises:
        EvoError: a baseline cannot be trained, so nothing can be compared with it.
        HistoryError: the campaign's folder cannot be written, or another process confirms it.
    """
    settings = {
        "kind": chosen.config.kind,
        "device": chosen.config.device,
        "protocol": chosen.config.protocol.model_dump(mode="json"),
        "environment": create.environment(),
    }
    with Confirmations.open(chosen.campaign, settings=settings) as book:
        found = _facts(chosen, _by_component(chosen, _train(chosen, book, watch)))
        return book.write({"evo": version("evo-search"), **settings, **found})


def _further(searched: Sequence[str]) -> list[str]:
    """Those of `CONFIRM_TASKS` that the search's tasks do not hold: none counts for two."""

    def is_further(name: str) -> bool:
        task = tasks.get(name)
        alike = [own for own in map(tasks.get, searched) if own.load is task.load]
        known = [network for own in alike for network in own().networks().values()]
        return any(network not in known for network in task().networks().values())

    return [name for name in CONFIRM_TASKS if name in tasks.names() and is_further(name)]


def _candidates(history: Reader, top: int, *, last: int) -> tuple[Record, ...]:
    """The front and the best `top` by performance, best first, all of the last rung."""
    complete = [record for record in fully_evaluated(history.records) if record.scored.rung == last]
    if not complete:
        raise UsageError(
            f"{history.folder} has no candidate yet that trained at its last rung: there is "
            "nothing to confirm. Let it run on, then try again."
        )
    ranked = sorted(complete, key=performance, reverse=True)
    chosen = {record.id for record in (*pareto_front(history.records).members, *ranked[:top])}
    return tuple(record for record in ranked if record.id in chosen)


def _protocol(search: Protocol, full: Rung) -> Protocol:
    """The search's rates and batches; every fresh seed at every rate, and nobody is stopped."""
    return Protocol.model_validate(
        {
            **search.model_dump(),
            "rungs": (full,),
            "first_seed": search.first_seed + FRESH,
            "rate_seeds": full.seeds,
            "racing": False,
        }
    )


def _patience_s(config: Config, protocol: Protocol, names: Sequence[str]) -> float:
    """The time that one training may take: as much more as there is more to do."""

    def most(work: Protocol, networks: Sequence[int]) -> int:
        return max(
            work.work(rung, heat, networks)
            for rung in range(len(work.rungs))
            for heat in range(len(work.heats(rung)))
        )

    before = most(config.protocol, network_counts(config.tasks))
    # A confirmation trains a task at a time.
    now = max(most(protocol, [count]) for count in network_counts(names))
    return config.timeout_s * max(1.0, now / before)


def _train(chosen: ConfirmationPlan, book: Confirmations, watch: OnTraining) -> dict[str, Outcome]:
    """An outcome for every component on every task, by the id of its job."""
    components = (*chosen.baselines, *chosen.candidates)
    total = len(components) * len(chosen.config.tasks)
    outcomes: dict[str, Outcome] = {}
    for task in chosen.config.tasks:
        # A task at a time, so that an interruption costs little of what takes long.
        jobs = [Job(_job_id(task, record), record.graph, rung=0) for record in components]
        paid = [book.outcomes[job.key] for job in jobs if job.key in book.outcomes]
        outcomes |= {outcome.id: outcome for outcome in paid}
        watch(len(outcomes), total)
        if not (missing := [job for job in jobs if job.id not in outcomes]):
            continue
        with build.workers(chosen.config.model_copy(update={"tasks": (task,)})) as pool:
            for outcome in pool.run(missing):
                # A failure may be the machine's: the next confirmation tries again.
                if not outcome.error:
                    book.acknowledge(outcome)
                outcomes[outcome.id] = outcome
                watch(len(outcomes), total)
    return outcomes


def _job_id(task: str, record: Record) -> str:
    return f"{task}/{record.id}"


class _Trained(NamedTuple):
    """What training gave, by component: its trials on all tasks, or why it has none."""

    trials: dict[str, tuple[Trial, ...]]
    errors: dict[str, str]


def _by_component(chosen: ConfirmationPlan, outcomes: dict[str, Outcome]) -> _Trained:
    trained = _Trained({}, {})
    for record in (*chosen.baselines, *chosen.candidates):
        own = [outcomes[_job_id(task, record)] for task in chosen.config.tasks]
        errors = [outcome.error for outcome in own if outcome.error]
        if errors and record.is_baseline:
            raise EvoError(f"Baseline {record.id} could not be trained: {errors[0]}.")
        if errors:
            trained.errors[record.id] = errors[0]
        else:
            trained.trials[record.id] = tuple(trial for outcome in own for trial in outcome.trials)
    return trained


def _facts(chosen: ConfirmationPlan, trained: _Trained) -> dict[str, Any]:
    """What was trained, the verdicts, and every trial that they rest on."""
    names = baseline_names(chosen.config.kind)
    baselines = {record.id: trained.trials[record.id] for record in chosen.baselines}
    verdicts = confirm_candidates(
        {r.id: trained.trials[r.id] for r in chosen.candidates if r.id in trained.trials},
        baselines,
        tested=len(chosen.candidates),
    )
    return {
        "campaign": chosen.campaign.resolve().name,
        "generation": chosen.generation,
        "tasks": list(chosen.config.tasks),
        "searched": list(chosen.searched),
        "seeds": list(chosen.config.protocol.heats(0)[0]),
        "candidates": [
            failed_facts(record, trained.errors[record.id])
            if record.id in trained.errors
            else verdict_facts(
                record, verdicts[record.id], trained.trials[record.id], baselines, names
            )
            for record in chosen.candidates
        ],
        "baselines": [baseline_facts(id_, trials, names) for id_, trials in baselines.items()],
    }
