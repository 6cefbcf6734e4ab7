"""Put a search together from its configuration and what a process brings along."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from archive.history.history import History
from archive.novelty.descriptors import TextDescriptor
from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign import given, steps
from evo.campaign.ablation import Ablate
from evo.campaign.baselines import behaviour_scale, measure_baselines
from evo.campaign.bequests import bequests, first_population, recalled
from evo.campaign.budget import TrainingBudget, stop_at
from evo.campaign.budget_warnings import BudgetWatch
from evo.campaign.endpoint_watch import EndpointWatch
from evo.campaign.fresh_state import fresh_state
from evo.campaign.inherit import Inherit
from evo.campaign.journaled import journaled
from evo.campaign.learning import expect_learning
from evo.campaign.loop import Toolbox, run_generations
from evo.campaign.member_graphs import standard_graphs
from evo.campaign.overlap import run_overlapping
from evo.campaign.pausing import pausing
from evo.campaign.progress import OnProgress
from evo.campaign.propose_step import propose_step
from evo.campaign.resources import Resources
from evo.campaign.resume import replay as replay_history
from evo.campaign.state import SearchState
from evo.components.base import Kind
from evo.components.combination import Combination
from evo.components.kinds import kinds
from evo.config import Config, parse
from evo.core.step import Step
from evo.evaluation.rungs import Evaluator, Runner
from evo.llm import models
from evo.screening.chance import Screen
from evo.screening.screen import RewardScreen
from evo.selection.islands import Islands
from evo.validation.validator import Validator


def run_search(history: History, watch: OnProgress, resources: Resources) -> None:
    """Run the search with what a process brings along, until its end or that of its hours.

    Each generation runs under its own settings: where they change, everything is built again from
    history, as when a campaign resumes.

    Args:
        history: the campaign's, open for writing.
        watch: called with a snapshot at every event.
        resources: sandbox, text descriptor, trainer and the like.
    """
    watch, start = pausing(watch, history, resources.hours), time.monotonic()
    while history.generation < _end(history, resources):
        settings = history.config_at(max(history.generation + 1, 1))
        _search(history, settings, watch, resources, start)


def _end(history: History, resources: Resources) -> int:
    """The last generation that this process runs."""
    end = history.config["generations"]
    return end if resources.last is None else min(end, resources.last)


def _search(
    history: History,
    settings: Mapping[str, Any],
    watch: OnProgress,
    resources: Resources,
    start: float,
) -> None:
    """Run the generations that begin under these settings, up to the first that does not."""
    config = parse(settings, where=str(history.folder / "changes"))

    def begin(generation: int) -> bool:
        return generation <= _end(history, resources) and history.begin(generation, under=settings)

    resources.staff(config)
    text, hours, replay = resources.text, resources.hours, resources.replay
    kind = kinds.get(config.kind)()
    validator = Validator(kind, resources.sandbox)
    begun = int(history.begun_with["generations"])  # a portfolio is halved by these
    pinned = frozenset(config.steering.pinned)
    islands = Islands.of(config.selection, config.population, begun, pinned=pinned)
    state = fresh_state(history, config, kind, islands, watch, start=start)
    known = bequests(history.folder, config)
    counting = [bequest.kept.records for bequest in known if bequest.counts]
    train = recalled(resources.train, [*counting, *resources.known], config.protocol)
    train = journaled(train, history, state.tracker)
    limit = config.llm.budget.hours
    train = stop_at(train, hours, limit=limit)
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
        inherit = Inherit(
            kind,
            config,
            islands,
            validator=validator,
            text=text,
            train=train,
            tracker=state.tracker,
        )
        records = [*baselines, *(inherit(known, baselines) if known else [])]
        survivors = islands.survive(first_population(islands.born(records), known), 0)
        history.seal(0, records, [survivor.record.id for survivor in survivors])
    held = replay_history(history, state, lag=config.overlap)
    toolbox = _toolbox(config, state, islands, kind=kind, text=text, train=train)
    toolbox.register("validate", steps.Validate(validator))
    with (
        models.open_replies(history, expected=state.last_request.key) as replies,
        models.open_client(
            config.llm,
            replies,
            keys=resources.keys,
            source=replay and models.read_replies(replay),
            others=resources.replies,
            is_late=lambda: hours.passed(limit),
        ) as client,
        propose_step(
            config,
            state,
            islands,
            client,
            kind=kind,
            validate=toolbox.validate,
            begin=begin,
        ) as propose,
    ):
        watch_budget = BudgetWatch(
            config.llm.budget,
            spent=lambda: replies.total,
            hours=hours.so_far,
            trainings=lambda: state.tracker.trained,
        )
        state.tracker.also_report(watch_budget)
        state.tracker.also_show(watch_budget.uses)
        state.tracker.also_report(EndpointWatch(client))
        toolbox.register("vary", propose)
        if not config.overlap:
            run_generations(toolbox, state, history, generations=config.generations, begin=begin)
            return
        run_overlapping(
            toolbox,
            state,
            history,
            generations=config.generations,
            begin=begin,
            lag=config.overlap,
            held=held,
            abandon=resources.abandon,
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
    # As tuples: read off history they are lazy, and every score looks at all of them.
    trials = {r.id: tuple(r.score.trials) for r in baselines if r.score is not None}
    screen: Step = Screen(trainings=config.trainings, seed=config.seed)
    if state.learner is not None:
        screen = RewardScreen(state.learner, config.reward, trainings=config.trainings)
    scale = behaviour_scale(kind, baselines)
    toolbox = Toolbox()
    toolbox.register("arrange", islands.arrange)
    recognise = steps.Recognise(kind, scale, state.archive)
    toolbox.register("recognise", recognise)
    toolbox.register("also_known", recognise.also_known)
    toolbox.register("screen", screen)
    evaluator = Evaluator(train, config.protocol, lambda _: trials)
    evaluate: Step = steps.Evaluate(evaluator)
    if most := config.llm.budget.trainings:
        evaluate = TrainingBudget(evaluate, most, trained=lambda: state.tracker.trained)
    toolbox.register("evaluate", evaluate)
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
        standards = standard_graphs(kind.name, baselines)
        toolbox.register(
            "ablate", Ablate(kind, evaluator, standards=standards, past=state.ablations)
        )
    toolbox.register("born", islands.born)
    toolbox.register("select", islands.survive)
    return toolbox
