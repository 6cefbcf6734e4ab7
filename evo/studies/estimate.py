"""Estimate what a campaign will take before it starts: candidates, requests, dollars, hours.

No language model is asked. Each figure is a range: the low end has half of the offspring train and
stop at the first heat of a rung, and replies as short as a function; the high end fills every
training and heat, and replies up to the token limit. A budget may end a campaign sooner.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from evo.campaign import process
from evo.campaign.config import Config
from evo.campaign.needs import device_of
from evo.campaign.propose_step import search_setting
from evo.components.kinds import kinds
from evo.compute.numerics import sound_numerics
from evo.core.messages import Request
from evo.core.records import Record
from evo.llm.prices import price_table, unpriced, with_prices
from evo.proposing.first_requests import first_requests
from evo.proposing.operators import portfolio_of
from evo.studies.calibration import Calibration, calibrate
from evo.tasks.base import network_counts
from evo.validation.baselines import own_baselines

_CHARACTERS_PER_TOKEN = (4.5, 3.0)
_SHORTEST_REPLY = 120
"""Tokens of a bare function with one sentence."""
_REPAIRS = 0.3
"""Largest share of replies that is sent back for repair, as seen with small models."""
_GROWN = 2.5
"""How much longer a prompt gets in a search: what was tried is listed, and sources grow."""


class Range(NamedTuple):
    """A low and a high estimate."""

    low: float
    high: float

    def times(self, other: "Range") -> "Range":
        """The range of a product."""
        return Range(self.low * other.low, self.high * other.high)


def estimate(config: Config) -> dict[str, Any]:
    """The JSON document of `evo run --estimate`, from a calibration of about a minute.

    Raises:
        EvoError: baselines cannot be trained here.
    """
    baselines = own_baselines(kinds.get(config.kind)())
    pool = process.workers(config)
    with sound_numerics(), pool:
        calibration = calibrate(config, baselines, pool.run, workers=pool.count)
    return {
        **candidates(config),
        **time_facts(config, calibration, baselines=len(baselines), workers=pool.count),
        **(request_facts(config, baselines) if config.llm.models else {}),
    }


def candidates(config: Config) -> dict[str, Any]:
    """Numbers of candidates proposed and trained."""
    generations = range(1, config.generations + 1)
    most = sum(min(config.trainings, config.offspring_in(number)) for number in generations)
    return {
        "generations": config.generations,
        "candidates": sum(map(config.offspring_in, generations)),
        "trained": [most // 2, most],
    }


def time_facts(
    config: Config, calibration: Calibration, *, baselines: int, workers: int
) -> dict[str, Any]:
    """Hours of wall time and of processors, from a calibration.

    Args:
        config: the campaign's.
        calibration: speed on this machine.
        baselines: number of baselines, which train first and in full.
        workers: number of worker processes.
    """
    device = device_of(config)
    work = _work(config, baselines)
    seconds = work.times(Range(*calibration.spread))
    wall = [bound / calibration.work_per_second / 3600 for bound in seconds]
    requests = _requests(config)
    if (rate := config.llm.requests_per_minute) and requests is not None:
        wall = [max(hours, r / rate / 60) for hours, r in zip(wall, requests, strict=True)]
    return {
        "device": device,
        "workers": workers,
        "wall_hours": wall,
        "processor_hours": [bound * calibration.cpu_per_work / 3600 for bound in seconds],
        "gpu_hours": wall if device == "cuda" else None,
        "calibration": {"trainings": calibration.trainings, "seconds": calibration.seconds},
    }


def request_facts(config: Config, baselines: Sequence[Record]) -> dict[str, Any]:
    """Requests, tokens and dollars; dollars are null where a price is unknown.

    Args:
        config: the campaign's, with language models.
        baselines: validated records of its kind, of which the first prompts are made.
    """
    requests = _requests(config)
    assert requests is not None, "no language model"
    characters = _prompt_characters(config, baselines)
    longest = max(model.max_tokens for model in config.llm.models)
    per_prompt = Range(
        characters / _CHARACTERS_PER_TOKEN[0], _GROWN * characters / _CHARACTERS_PER_TOKEN[1]
    )
    prompts = requests.times(per_prompt)
    replies = requests.times(Range(min(_SHORTEST_REPLY, longest), longest))
    dark = unpriced(config.llm)
    dollars = None if dark else _dollars(config, prompts, replies)
    budget = config.llm.budget
    used = {
        "requests": requests.high,
        "tokens": prompts.high + replies.high,
        "dollars": (dollars or [0.0, 0.0])[1],
    }
    limits = {name: getattr(budget, name) for name in used}
    return {
        "requests": [round(bound) for bound in requests],
        "prompt_tokens": [round(bound) for bound in prompts],
        "completion_tokens": [round(bound) for bound in replies],
        "cost_usd": dollars,
        "unpriced": dark,
        "price_table": price_table().date,
        "may_end_it": [name for name, limit in limits.items() if 0 < limit < used[name]],
    }


def _work(config: Config, baselines: int) -> Range:
    """Epochs that the whole campaign trains, summed over copies."""
    protocol, networks = config.protocol, network_counts(config.tasks)
    rungs = range(len(protocol.rungs))

    def of_rung(rung: int, heats: range) -> int:
        return sum(protocol.work(rung, heat, networks) for heat in heats)

    first = sum(of_rung(rung, range(len(protocol.heats(rung)))) for rung in rungs)
    low = high = float(baselines * first)
    last = rungs[-1]
    fresh = protocol.work(last, len(protocol.heats(last)) - 1, networks)
    for generation in range(1, config.generations + 1):
        most = min(config.trainings, config.offspring_in(generation))
        for rung in rungs:
            low += ceil(most / 2 * protocol.keep**rung) * of_rung(rung, range(1))
            heats = range(len(protocol.race_heats(rung)))
            high += ceil(most * protocol.keep**rung) * of_rung(rung, heats)
        high += protocol.leaders * fresh
    return Range(low, high)


def _requests(config: Config) -> Range | None:
    """Requests of the whole campaign; None without language models."""
    if not config.llm.models:
        return None
    share = sum(_asking(config).values()) / sum(config.operators.values())
    asked = share * sum(map(config.offspring_in, range(1, config.generations + 1)))
    # An idea of one model is written by another: the second request of the same offspring.
    tiers = [model.role == "idea" for model in config.llm.authors]
    return Range(asked * (1 + all(tiers)), asked * (1 + any(tiers) + _REPAIRS * config.llm.repair))


def _asking(config: Config) -> Mapping[str, float]:
    """Weights of the operators that ask a language model."""
    return {
        name: config.operators[name]
        for name in portfolio_of(config.operators, config.portfolio).asking
    }


def campaign_requests(config: Config, baselines: Sequence[Record]) -> dict[str, Request]:
    """One request of a first generation per operator that asks, see `first_requests`."""
    kind = kinds.get(config.kind)()
    return first_requests(
        kind,
        list(_asking(config)),
        config.llm.authors[0],
        setting=search_setting(config, kind, ()),
        has_card=config.llm.cards,
        baselines=baselines,
        seed=config.seed,
    )


def _prompt_characters(config: Config, baselines: Sequence[Record]) -> float:
    """Mean length of the prompts of a first generation, by the weights of their operators."""
    requests = campaign_requests(config, baselines)
    lengths = [sum(map(len, request.prompt)) for request in requests.values()]
    weights = [_asking(config)[name] for name in requests]
    return float(np.average(lengths, weights=weights))


def _dollars(config: Config, prompts: Range, replies: Range) -> list[float]:
    """Dollars if the cheapest model answers all, and if the dearest does."""
    models = with_prices(config.llm).models
    low = min(model.price(round(prompts.low), round(replies.low)) for model in models)
    high = max(model.price(round(prompts.high), round(replies.high)) for model in models)
    return [low, high]
