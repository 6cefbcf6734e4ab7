"""Put a search together from its configuration and what a process brings along."""

import time
from contextlib import AbstractContextManager

from archive.history.history import History
from archive.history.replies import Replies
from evo.campaign.budget_warnings import BudgetWatch
from evo.campaign.endpoint_watch import EndpointWatch
from evo.campaign.generation_zero import seal_generation_zero
from evo.campaign.loop import run_generations
from evo.campaign.overlap import run_overlapping
from evo.campaign.pausing import pausing
from evo.campaign.progress import OnProgress
from evo.campaign.propose_step import propose_step
from evo.campaign.resources import Resources
from evo.campaign.resume import replay
from evo.campaign.setup import Setup
from evo.campaign.tools import toolbox_of
from evo.llm import models
from evo.llm.client import LlmClient


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
        _search(Setup.of(history, settings, watch, resources, start=start))


def _end(history: History, resources: Resources) -> int:
    """The last generation that this process runs."""
    end = history.config["generations"]
    return end if resources.last is None else min(end, resources.last)


def _search(setup: Setup) -> None:
    """Run the generations that begin under its settings, up to the first that does not."""
    history, config, state = setup.history, setup.config, setup.state

    def begin(generation: int) -> bool:
        last = _end(history, setup.resources)
        return generation <= last and history.begin(generation, under=setup.settings)

    if history.generation < 0:
        seal_generation_zero(setup)
    withheld = replay(history, state, lag=config.overlap)
    toolbox = toolbox_of(setup)
    with (
        models.open_replies(history, expected=state.last_request.key) as replies,
        _open_client(setup, replies) as client,
        propose_step(setup, client, validate=toolbox.validate, begin=begin) as propose,
    ):
        _report_budgets(setup, replies, client)
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
            held=withheld,
            abandon=setup.resources.abandon,
        )


def _open_client(setup: Setup, replies: Replies) -> AbstractContextManager[LlmClient]:
    """The client of the campaign's language models, or of another campaign's replies."""
    settings, resources = setup.config.llm, setup.resources
    return models.open_client(
        settings,
        replies,
        keys=resources.keys,
        source=resources.replay and models.read_replies(resources.replay),
        others=resources.replies,
        is_late=lambda: resources.hours.passed(settings.budget.hours),
    )


def _report_budgets(setup: Setup, replies: Replies, client: LlmClient) -> None:
    """Have progress reports tell how much of each budget is used, and of models that die."""
    tracker = setup.state.tracker
    budgets = BudgetWatch(
        setup.config.llm.budget,
        spent=lambda: replies.total,
        hours=setup.resources.hours.so_far,
        trainings=lambda: tracker.trained,
    )
    tracker.also_report(budgets)
    tracker.also_show(budgets.uses)
    tracker.also_report(EndpointWatch(client))
