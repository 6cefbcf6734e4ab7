"""Put a campaign together from its configuration: the one module that imports every package."""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch

from archive.history.history import History
from archive.history.reader import Reader
from archive.novelty.descriptors import TextDescriptor
from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign import given, lessons, steps
from evo.campaign.ablation import Ablate, AblationState, standard_graphs
from evo.campaign.baselines import behaviour_scale, measure_baselines
from evo.campaign.budget import CampaignHours, counted_hours, stop_at
from evo.campaign.budget_warnings import BudgetWatch
from evo.campaign.learning import expect_learning
from evo.campaign.loop import Toolbox, run_generations
from evo.campaign.progress import OnProgress, Tracker
from evo.campaign.propose_step import propose_step
from evo.campaign.resume import replay as replay_history
from evo.campaign.state import SearchState
from evo.components.base import Kind
from evo.components.combination import Combination
from evo.components.kinds import kinds
from evo.compute import devices
from evo.compute.local import Workers
from evo.config import Config, parse
from evo.core.records import Outcome
from evo.core.step import Step
from evo.evaluation.protocol import Job
from evo.evaluation.rungs import Evaluator, Runner
from evo.llm import models
from evo.proposing.memory import Memory
from evo.screening.chance import Screen
from evo.screening.features import FeatureExtractor
from evo.screening.learner import Learner
from evo.screening.propagation import Propagation
from evo.screening.screen import RewardScreen
from evo.selection.islands import Islands
from evo.selection.population import Population
from evo.tasks.base import network_counts
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator


def workers(config: Config) -> Workers:
    """Worker processes that train for a configuration."""
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
    """Run a campaign from its last sealed generation to its end.

    Args:
        history: the campaign's, open for writing.
        watch: called with a snapshot at every event.
        unsafe_sandbox: run where walls of the sandbox are absent. It is not stored: a resumed
            campaign needs it again.
        replay: a campaign whose recorded replies of language models are used; none is requested.

    Raises:
        BudgetReachedError: the budget is used up; everything is saved.
    """
    config = parse(history.config, where=str(history.folder / "config.json"))
    if history.generation >= config.generations:
        return
    torch.set_num_threads(1)
    text = TextDescriptor(config.novelty.text_model)
    with (
        text.loading(),  # takes seconds: in the background, while workers start and train
        counted_hours(history.folder, hours=config.llm.budget.hours) as hours,
        models.withheld_keys(config.llm, replayed=replay is not None) as keys,
    ):
        if history.generation < 0 and replay is None:
            # Do the models of a new campaign answer? Asked before workers start and train.
            models.greet(config.llm, history, keys=keys, deadline=hours.deadline)
        with workers(config) as pool, Sandbox(unsafe=unsafe_sandbox) as sandbox:
            search(
                history,
                config,
                watch,
                sandbox=sandbox,
                text=text,
                train=pool.run,
                keys=keys,
                replay=replay,
                hours=hours,
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
    hours: CampaignHours,
    replay: Reader | None = None,
) -> None:
    """Run the search with a given sandbox, text descriptor and trainer, until its hours end.

    Each generation runs under its own settings: where they change, everything is built again from
    history, as when a campaign resumes.

    Args:
        history: the campaign's, open for writing.
        config: its configuration as all changes leave it.
        watch: called with a snapshot at every event.
        sandbox: traces candidates.
        text: embeds sources.
        train: trains jobs.
        keys: of language models, by label.
        hours: of the campaign, and when they end.
        replay: a campaign whose recorded replies are used.
    """
    while history.generation < config.generations:
        following = max(history.generation + 1, 1)
        later = [change.first - 1 for change in history.changes if change.first > following]
        phase = parse(history.config_at(following), where=str(history.folder / "changes"))
        _search(
            history,
            phase.model_copy(update={"generations": config.generations}),
            watch,
            sandbox=sandbox,
            text=text,
            train=train,
            keys=keys,
            hours=hours,
            replay=replay,
            last=min([*later, config.generations]),
        )


def _search(
    history: History,
    config: Config,
    watch: OnProgress,
    *,
    sandbox: Sandbox,
    text: TextDescriptor,
    train: Runner,
    keys: Mapping[str, str],
    hours: CampaignHours,
    replay: Reader | None,
    last: int,
) -> None:
    """Run the generations up to the last one under these settings."""
    kind = kinds.get(config.kind)()
    validator = Validator(kind, sandbox)
    begun = int(history.begun_with["generations"])  # a portfolio is halved by these
    islands = Islands.of(config.selection, config.population, begun)
    state = fresh_state(history, config, kind, islands, watch)
    train = _journaled(train, history, state.tracker)
    train = stop_at(hours.deadline, train, hours=config.llm.budget.hours)
    if history.generation < 0:
        baselines = measure_baselines(
            kind,
            validator=validator,
            text=text,
            train=train,
            protocol=config.protocol,
            archive=partial(NoveltyArchive.of, config.novelty),
            tracker=state.tracker,
            further=given.further_baselines(config, kind),
        )
        expect_learning(baselines, config.tasks)
        survivors = islands.survive(islands.born(baselines), 0)
        history.seal(0, baselines, [survivor.record.id for survivor in survivors])
    replay_history(history, state)
    toolbox = _toolbox(config, state, islands, kind=kind, text=text, train=train)
    toolbox.register("validate", steps.Validate(validator))
    with (
        models.open_replies(history, expected=state.last_request.key) as replies,
        models.open_client(
            config.llm,
            replies,
            keys=keys,
            source=replay and models.read_replies(replay),
            deadline=hours.deadline,
        ) as client,
        propose_step(
            config,
            state,
            islands,
            client,
            kind=kind,
            validate=toolbox.validate,
            last=last,
        ) as propose,
    ):
        watch_budget = BudgetWatch(
            config.llm.budget, spent=lambda: replies.total, hours=hours.so_far
        )
        state.tracker.also_report(watch_budget)
        toolbox.register("vary", propose)
        run_generations(toolbox, state, history, generations=last)


def fresh_state(
    history: History, config: Config, kind: Kind, islands: Islands, watch: OnProgress
) -> SearchState:
    """Search state of a campaign before any generation is taken in."""
    tracker = Tracker(
        watch,
        generation=history.generation,
        generations=config.generations,
        protocol=config.protocol,
        networks=network_counts(config.tasks),
        clock=time.monotonic,
        screening=config.reward.screening,
    )
    return SearchState(
        Population(islands),
        NoveltyArchive.of(config.novelty),
        Memory(config.portfolio.window),
        tracker,
        learner=learner_of(config, kind, history.folder) if config.reward.screening else None,
        ablations=(
            AblationState(len(config.protocol.rungs) - 1) if isinstance(kind, Combination) else None
        ),
    )


def _toolbox(
    config: Config,
    state: SearchState,
    islands: Islands,
    *,
    kind: Kind,
    text: TextDescriptor,
    train: Runner,
) -> Toolbox:
    """Selection and the steps from recognition on, against the sealed baselines."""
    baselines = state.baselines.records
    trials = {r.id: r.score.trials for r in baselines if r.score is not None}
    screen: Step = Screen(trainings=config.trainings, seed=config.seed)
    if state.learner is not None:
        screen = RewardScreen(state.learner, config.reward, trainings=config.trainings)
    scale = behaviour_scale(kind, baselines)
    toolbox = Toolbox()
    toolbox.register("arrange", islands.arrange)
    toolbox.register("recognise", steps.Recognise(kind, scale, state.archive))
    toolbox.register("screen", screen)
    evaluator = Evaluator(train, config.protocol, lambda _: trials)
    toolbox.register("evaluate", steps.Evaluate(evaluator))
    toolbox.register(
        "remeasure",
        steps.Remeasure(
            evaluator,
            state.population,
            leaders=config.protocol.leaders,
            last_rung=len(config.protocol.rungs) - 1,
        ),
    )
    toolbox.register("archive", steps.Archive(text, state.archive))
    if isinstance(kind, Combination) and state.ablations is not None:
        evaluator = Evaluator(train, config.protocol.for_everyone, lambda _: trials)
        standards = standard_graphs(kind, baselines)
        toolbox.register(
            "ablate", Ablate(kind, evaluator, standards=standards, past=state.ablations)
        )
    toolbox.register("born", islands.born)
    toolbox.register("select", islands.survive)
    return toolbox


def learner_of(config: Config, kind: Kind, folder: Path) -> Learner:
    """The reward learner of a campaign, with the lessons it began with."""
    return Learner(
        FeatureExtractor(Propagation(kind, config.tasks[0])),
        config.reward,
        trainings=config.trainings,
        seed=config.seed,
        lessons=lessons.lessons_of(folder, config.reward),
    )


def _journaled(train: Runner, history: History, tracker: Tracker) -> Runner:
    """Train the jobs whose outcome is not in the journal; write each outcome there before use."""

    def run(jobs: Sequence[Job]) -> Iterable[Outcome]:
        recorded = [history.outcomes.get(job.key) for job in jobs]
        for outcome in recorded:
            if outcome is not None:
                tracker.outcome(outcome, replayed=True)
                yield outcome
        open_jobs = [job for job, outcome in zip(jobs, recorded, strict=True) if outcome is None]
        for outcome in train(open_jobs):
            # A failure may be the machine's fault: it is not recorded, and a resume tries again.
            if not outcome.error:
                history.acknowledge(outcome)
            tracker.outcome(outcome, replayed=False)
            yield outcome

    return run
