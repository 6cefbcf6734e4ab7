"""The panes of a campaign: for each a label, and what its template is filled with."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from starlette.requests import Request

from evo.core.errors import UsageError
from evo.core.fields import RECORD_FIELDS
from evo.report.facts.index import Index
from evo.web.campaign import LiveCampaign
from evo.web.comparison import compared
from evo.web.details import path_steps
from evo.web.figures.behaviour_map import ALWAYS_MAPPED, DESCRIPTORS, SAMPLE
from evo.web.figures.family import family_of
from evo.web.figures.fitness import MEASURES
from evo.web.figures.front import NOVELTIES, members
from evo.web.log import log_entries, reasons
from evo.web.overview import alarms, funnel, now_words, pace, spending
from evo.web.query import PAGE, SORTS, Query
from evo.web.rows import row_of, table_rows
from evo.web.strategies import strategy_rows
from evo.web.view import View
from evo.web.weights import model_chances, operator_weights

_DESCRIPTIONS = {field.name: field.description for field in RECORD_FIELDS} | {
    "loss": "mean test loss at the highest rung, of the trials that were not lost",
    "metric": "mean accuracy, R² or metric of a loop, likewise",
}


def _overview(campaign: LiveCampaign, _: Request, view: View) -> dict[str, Any]:
    facts = campaign.tally.facts(campaign.reader) if campaign.is_tallied else None
    index = campaign.index
    best = index.best
    return {
        "facts": facts,
        "now": now_words(facts) if facts else "",
        "funnel": funnel(campaign),
        "pace": pace(campaign),
        "spending": spending(campaign),
        "alarms": alarms(campaign, facts) if facts else [],
        "trained_now": len(campaign.reader.outcomes),
        "best": None if best is None else row_of(campaign, best),
        "best_source": "" if best is None else index.texts["source"][best],
        "names": view.baseline_names(campaign),
    }


def _fitness(campaign: LiveCampaign, request: Request, _: View) -> dict[str, Any]:
    measure = request.query_params.get("measure", "")
    climbs = campaign.tally.climbs
    return {
        "measures": MEASURES,
        "measure": measure if measure in MEASURES else "margin",
        "climb": climbs[-1] if climbs else None,
        "is_tallied": campaign.is_tallied,
    }


def has_text(index: Index) -> bool:
    """True if candidates have text N-scores; without a text model none has."""
    return not np.isnan(index.numbers["n_text"][index.archived & index.proposed]).all()


def _front(campaign: LiveCampaign, request: Request, view: View) -> dict[str, Any]:
    parameters = request.query_params
    measure, novelty = parameters.get("measure", ""), parameters.get("novelty", "")
    measure = measure if measure in MEASURES else "b_wr"
    novelty = novelty if novelty in NOVELTIES else "n_behaviour"
    last = max(campaign.reader.generation, 0)
    until = parameters.get("generation", "")
    generation = min(int(until), last) if until.isascii() and until.isdigit() else last
    places = members(campaign.index, measure=measure, novelty=novelty, until=generation)
    is_judged = (measure, novelty, generation) == ("b_wr", "n_behaviour", last)
    return {
        "is_judged": is_judged,
        "chances": campaign.front_chances() if is_judged else None,
        "measures": MEASURES,
        "novelties": NOVELTIES,
        "measure": measure,
        "novelty": novelty,
        "generation": generation,
        "last": last,
        "rows": [row_of(campaign, int(place)) for place in places[:60]],
        "count": len(places),
        "has_text": has_text(campaign.index),
        "names": view.baseline_names(campaign),
    }


def _family(campaign: LiveCampaign, request: Request, view: View) -> dict[str, Any]:
    index = campaign.index
    id_ = request.query_params.get("of", "")
    place = index.places.get(id_) if id_ else index.best
    if id_ and place is None:
        raise UsageError(f"No candidate has the id {id_!r}.")
    if place is None:
        return {"of": None, "steps": [], "total": 0, "drawn": 0}
    family = family_of(index, place)
    names = view.baseline_names(campaign)
    return {
        "of": row_of(campaign, place),
        "steps": path_steps(campaign, family.path, names),
        "total": family.total,
        "drawn": len(family.members) - 1,
    }


def _candidates(campaign: LiveCampaign, request: Request, _: View) -> dict[str, Any]:
    query, index = Query.of(request.query_params), campaign.index
    places = query.places(index)
    pages = max(1, -(-len(places) // PAGE))
    page = min(query.page, pages)
    first = (page - 1) * PAGE
    return {
        "query": query,
        "sorts": SORTS,
        "page": page,
        "pages": pages,
        "count": len(places),
        "total": int(index.proposed.sum()),
        "rows": table_rows(campaign, places[first : first + PAGE].tolist()),
        "statuses": index.coded("status").distinct(index.proposed),
        "operators": index.coded("operator").distinct(index.proposed),
        "models": index.coded("model").distinct(),
        "descriptions": _DESCRIPTIONS,
        "has_text": has_text(index),
        "has_cost": bool(np.nansum(index.numbers["cost_usd"])),
    }


def _map(_: LiveCampaign, request: Request, __: View) -> dict[str, Any]:
    descriptor = request.query_params.get("by", "")
    return {
        "descriptors": DESCRIPTORS,
        "descriptor": descriptor if descriptor in DESCRIPTORS else "behaviour",
        "sample": SAMPLE,
        "best": ALWAYS_MAPPED,
    }


def _operators(campaign: LiveCampaign, _: Request, __: View) -> dict[str, Any]:
    facts = campaign.tally.facts(campaign.reader) if campaign.is_tallied else {}
    authorship = campaign.tally.authorship
    return {
        "authorship": {
            author_type: dict(sorted(rows.items(), key=lambda item: -item[1]["proposed"]))
            for author_type, rows in authorship.items()
        },
        "is_tallied": campaign.is_tallied,
        "spend": facts.get("spend"),
        "strategies": strategy_rows(campaign),
        "weights": operator_weights(campaign),
        "chances": model_chances(campaign),
    }


def _reward(campaign: LiveCampaign, request: Request, __: View) -> dict[str, Any]:
    facts = campaign.tally.facts(campaign.reader) if campaign.is_tallied else {}
    return {
        "settings": campaign.config.get("reward", {}),
        "verdict": facts.get("reward"),
        "wanted": "appraise" in request.query_params,
        "evaluated": int((campaign.index.archived & campaign.index.proposed).sum()),
    }


def _log(campaign: LiveCampaign, _: Request, __: View) -> dict[str, Any]:
    return {
        "entries": log_entries(campaign),
        "reasons": campaign.cached("reasons", lambda: reasons(campaign.index)),
    }


def _compare(campaign: LiveCampaign, request: Request, view: View) -> dict[str, Any]:
    keys = [key for key in request.query_params.getlist("with") if key != campaign.key]
    others = [view.campaign(key) for key in dict.fromkeys(keys) if key in view.places.campaigns()]
    return {
        "others": others,
        "with_keys": [other.key for other in others],
        "query": "".join(f"&with={other.key}" for other in others),
        "comparison": compared([campaign, *others]),
        "candidates_for": [key for key in view.places.campaigns() if key != campaign.key],
    }


class Pane(NamedTuple):
    """A pane of a campaign.

    Attributes:
        label: in the navigation.
        context: what the template of its name is filled with.
    """

    label: str
    context: Callable[[LiveCampaign, Request, View], Mapping[str, Any]]


PANES = {
    "overview": Pane("Overview", _overview),
    "fitness": Pane("Fitness", _fitness),
    "front": Pane("Front", _front),
    "family": Pane("Family", _family),
    "candidates": Pane("Candidates", _candidates),
    "map": Pane("Map", _map),
    "operators": Pane("Operators", _operators),
    "reward": Pane("Reward model", _reward),
    "log": Pane("Log", _log),
    "compare": Pane("Compare", _compare),
}
"""The panes of a campaign by the last part of their address, in the order of their keys."""
