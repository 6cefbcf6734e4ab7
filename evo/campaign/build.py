"""Puts a campaign together: the one place that knows every room."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import torch

from archive.history.history import History
from archive.history.reader import Reader
from archive.novelty.descriptors import TextDescriptor
from evo.campaign import baselines as known
from evo.campaign import lessons, steps
from evo.campaign.ablation import Ablate, Measured, Peaks, standard_graphs
from evo.campaign.budget import counted, until
from evo.campaign.loop import Campaign, Steps
from evo.campaign.progress import OnProgress, Tracker
from evo.campaign.propose_step import ProposeStep, propose_step
from evo.campaign.resume import Standing
from evo.components.base import Kind
from evo.components.combination import Combination
from evo.components.kinds import kinds
from evo.compute import devices
from evo.compute.local import Workers
from evo.config import Config, parse
from evo.core.records import Outcome, Record
from evo.core.step import Step
from evo.evaluation.protocol import Job
from evo.evaluation.rungs import Evaluator, Runner
from evo.llm import models
from evo.proposing.memory import Chronicle, Memory
from evo.screening.chance import Screen
from evo.screening.features import Portrayer
from evo.screening.learner import Learner
from evo.screening.propagation import Propagation
from evo.screening.screen import RewardScreen
from evo.selection.islands import Islands
from evo.tasks.base import network_counts
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator


def workers(config: Config) -> Workers:
    """The training processes of a configuration."""
    device = devices.resolve(config.device)
    # More processes than a generation has trainings would only start up and wait.
    count = config.workers or min(devices.worker_count(device), config.trainings)
    return Workers(
        count,
        kind=config.kind,
        tasks=config.tasks,
        protocol=config.protocol,
        device=device,
        timeout_s=config.timeout_s,
    )


def run_campaign(
    history: History,
    watch: OnProgress,
    *,
    unsafe_sandbox: bool = False,
    replay: Reader | None = None,
) -> None:
    """Run the campaign of a history from where it stands to its end.

    Args:
        history: the campaign's.
        watch: is told what happens.
        unsafe_sandbox: go on where walls are absent; no part of the history, so whoever goes on
            with it asks for it again.
        replay: a campaign to take all replies of language models from.

    Raises:
        BudgetReachedError: the campaign has spent what it may; everything is saved.
    """
    config = parse(history.config, where=str(history.folder / "config.json"))
    if history.generation >= config.generations:
        return
    torch.set_num_threads(1)
    text = TextDescriptor(config.novelty.text_model)
    with (
        text.loading(),  # costs seconds, which pass while the workers start and train
        counted(history.folder, hours=config.llm.budget.hours) as deadline,
        models.withheld_keys(config.llm, replayed=replay is not None) as keys,
        workers(config) as pool,
        Sandbox(unsafe=unsafe_sandbox) as sandbox,
    ):
        search(
            history,
            config,
            watch,
            sandbox=sandbox,
            text=text,
            train=pool.run,
            keys=keys,
            replay=replay,
            deadline=deadline,
        )


def search(
    history: History,
    config: Config,
    watch: OnProgress,
    *,
    sandbox: Sandbox,
    text: TextDescriptor,
    train: Runner,
    keys: Mapping[str, str],
    replay: Reader | None = None,
    deadline: float | None = None,
) -> None:
    """The campaign itself, given what traces, describes and trains, and until when."""
    tracker = Tracker(
        watch,
        generation=history.generation,
        generations=config.generations,
        protocol=config.protocol,
        networks=network_counts(config.tasks),
        clock=time.monotonic,
        screening=config.reward.screening,
    )
    kind = kinds.get(config.kind)()
    validator = Validator(kind, sandbox)
    islands = Islands.of(config.selection, config.population)
    train = _remembered(train, history, tracker)
    train = until(deadline, train, hours=config.llm.budget.hours)
    if history.generation < 0:
        baselines = known.establish(
            kind,
            validator=validator,
            text=text,
            train=train,
            protocol=config.protocol,
            archive=config.novelty.archive,
            tracker=tracker,
        )
        survivors = islands.survive(islands.born(baselines))
        history.seal(0, baselines, [survivor.record.id for survivor in survivors])
    memory = Memory(config.portfolio.window)
    learner = learner_of(config, kind, history.folder) if config.reward.screening else None
    measured, peaks = Measured(), Peaks(last=len(config.protocol.rungs) - 1)

    def remember(records: Sequence[Record]) -> None:
        tracker.remember(records)
        if isinstance(kind, Combination):
            measured.take(records)
            peaks.take(records)

    standing = Standing.of(
        history,
        archive=config.novelty.archive(),
        memory=memory,
        watch=remember,
        learn=learner and learner.remember,
        islands=config.selection.islands,
    )
    validate = steps.Validate(validator)
    with (
        models.open_replies(history, expected=standing.request) as replies,
        ExitStack() as stack,
        models.open_client(
            config.llm,
            replies,
            keys=keys,
            source=replay and models.read_replies(replay),
            deadline=deadline,
        ) as asked,
    ):
        propose = propose_step(
            config,
            standing,
            memory,
            islands,
            asked,
            kind=kind,
            validate=validate,
            stack=stack,
        )
        Campaign(
            _way(
                config,
                standing,
                propose,
                kind=kind,
                validate=validate,
                text=text,
                train=train,
                learner=learner,
                measured=measured,
                peaks=peaks,
            ),
            Chronicle(history, memory, learner and learner.remember),
            selection=islands,
            survivors=standing.population,
            generations=config.generations,
            tracker=tracker,
        ).run()


def learner_of(config: Config, kind: Kind, folder: Path) -> Learner:
    """What learns of rewards in the campaign of this configuration and folder."""
    return Learner(
        Portrayer(Propagation(kind, config.tasks[0])),
        config.reward,
        trainings=config.trainings,
        seed=config.seed,
        lessons=lessons.lessons_of(folder, config.reward),
    )


def _way(
    config: Config,
    standing: Standing,
    propose: ProposeStep,
    *,
    kind: Kind,
    validate: steps.Validate,
    text: TextDescriptor,
    train: Runner,
    learner: Learner | None,
    measured: Measured,
    peaks: Peaks,
) -> Steps:
    """The way of a candidate, with what the sealed records say about baselines and the known."""
    baselines = standing.baselines
    trials = {r.id: r.score.trials for r in baselines if r.score is not None}
    screen: Step = Screen(trainings=config.trainings, seed=config.seed)
    if learner is not None:
        screen = RewardScreen(learner, config.reward, trainings=config.trainings)
    ablate = None
    if isinstance(kind, Combination):
        ablate = Ablate(
            kind,
            Evaluator(train, config.protocol.for_everyone, lambda _: trials),
            standards=standard_graphs(kind, baselines),
            measured=measured,
            peaks=peaks,
        )
    return Steps(
        propose=propose,
        validate=validate,
        recognise=steps.Recognise(kind, known.behaviour_scale(kind, baselines), standing.archive),
        screen=screen,
        evaluate=steps.Evaluate(Evaluator(train, config.protocol, lambda _: trials)),
        archive=steps.Archive(text, standing.archive),
        ablate=ablate,
    )


def _remembered(train: Runner, history: History, tracker: Tracker) -> Runner:
    """Trains what the journal does not hold, and acknowledges each outcome before it counts."""

    def run_campaign(jobs: Sequence[Job]) -> Iterable[Outcome]:
        paid = [history.outcomes.get(job.key) for job in jobs]
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

    return run_campaign
