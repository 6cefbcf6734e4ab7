"""The panes of a view as pages: each reads a campaign and fills a template."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from evo.core.errors import HistoryError, UsageError
from evo.core.fields import RECORD_FIELDS
from evo.web import text
from evo.web.campaign import LiveCampaign
from evo.web.comparison import compared
from evo.web.details import candidate_details, path_steps
from evo.web.figures.behaviour_map import DESCRIPTORS
from evo.web.figures.family import family_of
from evo.web.figures.fitness import MEASURES
from evo.web.figures.front import NOVELTIES, members
from evo.web.log import entries, reasons
from evo.web.overview import alarms, funnel, now_words, pace, spending
from evo.web.query import PAGE, SORTS, Query
from evo.web.rows import row_of
from evo.web.view import View
from evo.web.weights import model_chances, operator_weights

PANES = {
    "overview": "Overview",
    "fitness": "Fitness",
    "front": "Front",
    "family": "Family",
    "candidates": "Candidates",
    "map": "Map",
    "operators": "Operators",
    "reward": "Reward model",
    "log": "Log",
    "compare": "Compare",
}
"""The panes of a campaign by the last part of their address, in the order of their keys."""

_TEMPLATES = text.templates()
_DESCRIPTIONS = {field.name: field.description for field in RECORD_FIELDS}


class Pages:
    """The pages of a view.

    Args:
        view: the campaigns.
        version: changes with the static files.
    """

    def __init__(self, view: View, version: str) -> None:
        self._view = view
        self._version = version

    def start(self, request: Request) -> Response:
        """All campaigns; the page of the only one, where there is one alone."""
        places = self._view.places
        keys = places.campaigns()
        if len(keys) == 1 and "all" not in request.query_params:
            return RedirectResponse(f"/c/{next(iter(keys))}/overview", 303)
        rows: list[dict[str, Any]] = []
        for key, folder in keys.items():
            try:
                campaign = self._view.opened(key)
                campaign.reader.refresh()
                rows.append({"key": key, "name": folder.name, **_summary(campaign)})
            except (HistoryError, OSError) as error:
                rows.append({"key": key, "name": folder.name, "problem": str(error)})
        awaited = [str(path) for path in places.awaited]
        roots = [str(root) for root in places.roots]
        return self._page(
            "start", {"rows": rows, "awaited": awaited, "roots": roots}, live="/events"
        )

    def pane(self, request: Request) -> Response:
        """One pane of a campaign."""
        key, name = request.path_params["key"], request.path_params["pane"]
        if name not in PANES:
            return self._nothing(f"There is no pane {name!r}.")
        return self._of_campaign(
            key, name, lambda campaign: _CONTEXTS[name](campaign, request, self._view)
        )

    def candidate(self, request: Request) -> Response:
        """Everything known of one candidate."""
        key, id_ = request.path_params["key"], request.path_params["id"]

        def context(campaign: LiveCampaign) -> dict[str, Any]:
            names = self._view.baseline_names(campaign.config["kind"])
            return candidate_details(campaign, id_, names)

        return self._of_campaign(key, "candidate", context)

    def _of_campaign(
        self, key: str, name: str, context: Callable[[LiveCampaign], Mapping[str, Any]]
    ) -> Response:
        try:
            campaign = self._view.campaign(key)
            values = dict(context(campaign))
        except KeyError:
            return self._nothing("There is no such campaign.")
        except UsageError as error:
            return self._nothing(str(error))
        except (HistoryError, OSError) as error:
            return self._page("problem", {"message": str(error)}, status=500)
        values |= {"campaign": campaign, "state": state_of(campaign), "key": key, "pane": name}
        values["siblings"] = list(self._view.places.campaigns())
        return self._page(name, values, live=f"/c/{key}/events")

    def _nothing(self, message: str) -> Response:
        return self._page("problem", {"message": message}, status=404)

    def _page(
        self, name: str, values: Mapping[str, Any], *, live: str = "", status: int = 200
    ) -> HTMLResponse:
        content = _TEMPLATES.get_template(f"{name}.html").render(
            panes=PANES, live=live, version=self._version, **values
        )
        return HTMLResponse(content, status)


def state_of(campaign: LiveCampaign) -> str:
    """The state of a campaign: running, stopped or finished."""
    reader = campaign.reader
    if reader.generation >= reader.config["generations"]:
        return "finished"
    return "running" if reader.is_running else "stopped"


def _summary(campaign: LiveCampaign) -> dict[str, Any]:
    reader = campaign.reader
    return {
        "problem": "",
        "kind": reader.config["kind"],
        "tasks": ", ".join(reader.config["tasks"]),
        "seed": reader.config["seed"],
        "state": state_of(campaign),
        "generation": reader.generation,
        "generations": reader.config["generations"],
        "records": len(reader.records),
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
        "names": view.baseline_names(campaign.config["kind"]),
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
        "has_text": not np.isnan(campaign.index.numbers["n_text"][campaign.index.full]).all(),
        "names": view.baseline_names(campaign.config["kind"]),
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
    names = view.baseline_names(campaign.config["kind"])
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
        "rows": [row_of(campaign, int(place)) for place in places[first : first + PAGE]],
        "statuses": sorted({str(status) for status in index.statuses[index.proposed]}),
        "operators": sorted(
            {o for o, p in zip(index.texts["operator"], index.proposed, strict=True) if p}
        ),
        "models": index.distinct("model"),
        "descriptions": _DESCRIPTIONS,
    }


def _map(_: LiveCampaign, request: Request, __: View) -> dict[str, Any]:
    descriptor = request.query_params.get("by", "")
    return {
        "descriptors": DESCRIPTORS,
        "descriptor": descriptor if descriptor in DESCRIPTORS else "behaviour",
    }


def _operators(campaign: LiveCampaign, _: Request, __: View) -> dict[str, Any]:
    return {
        "authorship": campaign.tally.authorship.facts(),
        "is_tallied": campaign.is_tallied,
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
    return {"entries": entries(campaign), "reasons": reasons(campaign.index)}


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


_CONTEXTS: Mapping[str, Callable[[LiveCampaign, Request, View], Mapping[str, Any]]] = {
    "overview": _overview,
    "fitness": _fitness,
    "front": _front,
    "family": _family,
    "candidates": _candidates,
    "map": _map,
    "operators": _operators,
    "reward": _reward,
    "log": _log,
    "compare": _compare,
}
