"""Puts a campaign together: the one place that knows every room."""

import platform
import threading
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import torch

import evo
from archive.descriptors import DEFAULT_MODEL, TextDescriptor
from archive.history import History
from evo import baselines as known
from evo import steps
from evo.campaign import Campaign, Steps
from evo.components.base import Kind, kinds
from evo.config import Config, parse
from evo.evaluation import devices
from evo.evaluation.rungs import Evaluator, Runner
from evo.evaluation.workers import Job, Workers
from evo.progress import Tracker, Watch
from evo.selection import Individual, survive
from evo.standing import Standing
from evo.tasks.base import network_counts, tasks
from evo.types import Outcome
from evo.validation.sandbox import Sandbox
from evo.validation.validator import Validator
from operators.portfolio import Portfolio


def check(config: Config) -> None:
    """Everything that can be known to be wrong with a configuration before anything is spent.

    Raises:
        UsageError: a name is unknown, or the device or the text model is not there.
    """
    kinds.get(config.kind)
    for name in config.tasks:
        tasks.get(name)().prepare()
    Portfolio(config.operators)
    devices.resolve(config.device)
    if config.novelty.text_model != DEFAULT_MODEL:
        TextDescriptor(config.novelty.text_model).load()


def workers(config: Config) -> Workers:
    """The training processes of a configuration."""
    device = devices.resolve(config.device)
    # More processes than a generation has trainings would only start up and wait.
    count = config.workers or min(devices.places(device), config.trainings)
    return Workers(
        count,
        kind=config.kind,
        tasks=config.tasks,
        protocol=config.protocol,
        device=device,
        timeout_s=config.timeout_s,
    )


def create(folder: Path, config: Config) -> History:
    """A new campaign folder with its resolved configuration and environment.

    The device is resolved too: a campaign that goes on elsewhere must not compare candidates with
    baselines of another device unawares.
    """
    config = config.model_copy(update={"device": devices.resolve(config.device)})
    return History.create(folder, config=config.model_dump(mode="json"), environment=environment())


def environment() -> dict[str, str]:
    """Versions and machine that a campaign ran on; nothing of the user's shell."""
    packages = ("torch", "numpy", "deap", "faiss-cpu", "sentence-transformers", "h5py")
    return {
        "evo": evo.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        **{package: version(package) for package in packages},
    }


def run(history: History, watch: Watch, *, unsafe_sandbox: bool = False) -> None:
    """Run the campaign of a history from where it stands to its end.

    `unsafe_sandbox` is no part of the history: whoever goes on with it asks for it again.
    """
    config = parse(history.config, where=str(history.folder / "config.json"))
    if history.generation >= config.generations:
        return
    torch.set_num_threads(1)
    text = TextDescriptor(config.novelty.text_model)
    # Loading the text model costs seconds; they pass while the workers start and train.
    loading = threading.Thread(target=text.load, daemon=True)
    loading.start()
    with workers(config) as pool, Sandbox(unsafe=unsafe_sandbox) as sandbox:
        search(history, config, watch, sandbox=sandbox, text=text, train=pool.run)


def search(
    history: History,
    config: Config,
    watch: Watch,
    *,
    sandbox: Sandbox,
    text: TextDescriptor,
    train: Runner,
) -> None:
    """The campaign itself, given what traces, describes and trains."""
    tracker = Tracker(
        watch,
        generation=history.generation,
        generations=config.generations,
        protocol=config.protocol,
        networks=network_counts(config.tasks),
        clock=time.monotonic,
    )
    kind = kinds.get(config.kind)()
    validator = Validator(kind, sandbox)
    train = _remembered(train, history, tracker)
    if history.generation < 0:
        baselines = known.establish(
            kind,
            validator=validator,
            text=text,
            train=train,
            protocol=config.protocol,
            tracker=tracker,
        )
        survivors = survive([Individual(r) for r in baselines], config.population)
        history.seal(0, baselines, [survivor.record.id for survivor in survivors])
    standing = Standing.of(
        history,
        duplicate_within=config.novelty.duplicate_within,
        watch=tracker.remember,
    )
    Campaign(
        _way(config, standing, kind=kind, validator=validator, text=text, train=train),
        history,
        survivors=standing.population,
        generations=config.generations,
        population=config.population,
        tracker=tracker,
    ).run()


def _way(
    config: Config,
    standing: Standing,
    *,
    kind: Kind,
    validator: Validator,
    text: TextDescriptor,
    train: Runner,
) -> Steps:
    """The way of a candidate, with what the sealed records say about baselines and the known."""
    baselines = standing.baselines
    trials = {r.id: r.score.trials for r in baselines if r.score is not None}
    return Steps(
        propose=steps.Propose(
            Portfolio(config.operators),
            kind,
            seen=standing.seen,
            offspring=config.offspring,
            seed=config.seed,
        ),
        validate=steps.Validate(validator),
        recognise=steps.Recognise(kind, known.behaviour_scale(kind, baselines), standing.archive),
        screen=steps.Screen(trainings=config.trainings, seed=config.seed),
        evaluate=steps.Evaluate(Evaluator(train, config.protocol, lambda _: trials)),
        archive=steps.Archive(text, standing.archive),
    )


def _remembered(train: Runner, history: History, tracker: Tracker) -> Runner:
    """Trains what the journal does not hold, and acknowledges each outcome before it counts."""

    def run(jobs: Sequence[Job]) -> Iterable[Outcome]:
        paid = [history.outcomes.get(job.stretch) for job in jobs]
        for outcome in paid:
            if outcome is not None:
                tracker.outcome(outcome, replayed=True)
                yield outcome
        open_jobs = [job for job, outcome in zip(jobs, paid, strict=True) if outcome is None]
        for outcome in train(open_jobs):
            # A failure may be the machine's: nothing was paid for, and a resume tries again.
            if not outcome.error:
                history.acknowledge(outcome)
            tracker.outcome(outcome, replayed=False)
            yield outcome

    return run
