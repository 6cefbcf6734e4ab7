"""Figures of a campaign as JSON, one address each; a page draws them."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from evo.campaign.ascent import fresh_seed
from evo.core.arrays import Floats
from evo.core.errors import EvoError, UsageError
from evo.web.campaign import LiveCampaign
from evo.web.comparison import ABSCISSAE, comparison_figure
from evo.web.figures.behaviour_map import DESCRIPTORS, map_figure, projected
from evo.web.figures.family import family_figure, family_of
from evo.web.figures.fitness import MEASURES, fitness_figure
from evo.web.figures.front import NOVELTIES, front_figure
from evo.web.figures.fronts import fronts_figure
from evo.web.figures.reward import calibration_figure, efficiency_figure
from evo.web.figures.screening import screening_figure
from evo.web.figures.shares import contribution_figure, share_figure
from evo.web.figures.spec import Figure, figure
from evo.web.figures.spend import spend_figure
from evo.web.figures.trials import trial_figure
from evo.web.view import View


class FigureRoutes:
    """The figures of a view.

    Args:
        view: the campaigns.
    """

    def __init__(self, view: View) -> None:
        self._view = view

    def figure(self, request: Request) -> Response:
        """One figure."""
        make = _FIGURES.get(request.path_params["name"])
        if make is None:
            return JSONResponse({"problem": "There is no such figure."}, 404)
        try:
            campaign = self._view.campaign(request.path_params["key"])
            drawn = make(campaign, request, self._view)
        except KeyError:
            return JSONResponse({"problem": "There is no such campaign."}, 404)
        except EvoError as error:
            return JSONResponse({"problem": str(error)}, 409)
        return Response(json.dumps(drawn, allow_nan=False), media_type="application/json")


def _chosen(request: Request, name: str, known: Mapping[str, Any], default: str) -> str:
    value = request.query_params.get(name, "")
    return value if value in known else default


def _fitness(campaign: LiveCampaign, request: Request, _: View) -> Figure:
    measure = _chosen(request, "measure", MEASURES, "margin")
    return fitness_figure(campaign.index, campaign.tally.climbs, measure)


def _front(campaign: LiveCampaign, request: Request, view: View) -> Figure:
    until = request.query_params.get("generation", "")
    generation = int(until) if until.isascii() and until.isdigit() else None
    if generation is not None and generation >= campaign.reader.generation:
        generation = None
    return front_figure(
        campaign.index,
        dict(view.baseline_names(campaign)),
        measure=_chosen(request, "measure", MEASURES, "b_wr"),
        novelty=_chosen(request, "novelty", NOVELTIES, "n_behaviour"),
        until=generation,
    )


def _family(campaign: LiveCampaign, request: Request, view: View) -> Figure:
    index = campaign.index
    id_ = request.query_params.get("of", "")
    place = index.places.get(id_) if id_ else index.best
    if place is None:
        return figure([], note="No candidate has been trained in full yet.")
    names = dict(view.baseline_names(campaign))
    return family_figure(index, family_of(index, place), names)


def _map(campaign: LiveCampaign, request: Request, view: View) -> Figure:
    by = _chosen(request, "by", DESCRIPTORS, "behaviour")
    projection = campaign.cached(
        ("map", by), lambda: projected(campaign.reader.records, by, campaign.index)
    )
    names = dict(view.baseline_names(campaign))
    return map_figure(campaign.index, projection, names)


def _shares(campaign: LiveCampaign, request: Request, _: View) -> Figure:
    return share_figure(campaign.index, _chosen(request, "by", _AUTHORS, "operator"))


def _contributions(campaign: LiveCampaign, request: Request, _: View) -> Figure:
    return contribution_figure(campaign.index, _chosen(request, "by", _AUTHORS, "operator"))


def _trials(campaign: LiveCampaign, request: Request, _: View) -> Figure:
    score = campaign.record(_place(campaign, request)).score
    trials = () if score is None else tuple(score.trials)
    return trial_figure(trials, campaign.baseline_losses(), fresh_seed(campaign.config))


def _component(campaign: LiveCampaign, request: Request, view: View) -> Figure:
    from evo.web.figures.component import component_figure  # noqa: PLC0415 - imports torch

    record = campaign.record(_place(campaign, request))
    kind = campaign.config["kind"]
    names = view.baseline_names(campaign, wait=True)
    shown = [(names.get(record.id, record.id[:8]), record)]
    near = record.novelty.nearest_behaviour if record.novelty else ""
    for id_ in dict.fromkeys((*record.candidate.parents, near)):
        if id_ != record.id and id_ in campaign.index.places:
            label = "nearest" if id_ == near else "parent"
            other = campaign.record(campaign.index.places[id_])
            shown.append((f"{label} {names.get(id_, id_[:8])}", other))
    return component_figure(kind, shown)


def _side_by_side(campaign: LiveCampaign, request: Request, view: View) -> list[LiveCampaign]:
    keys = [key for key in request.query_params.getlist("with") if key != campaign.key]
    return [campaign, *(view.campaign(key) for key in dict.fromkeys(keys))]


def _comparison(campaign: LiveCampaign, request: Request, view: View) -> Figure:
    return comparison_figure(
        _side_by_side(campaign, request, view),
        _chosen(request, "measure", MEASURES, "margin"),
        _chosen(request, "by", ABSCISSAE, "generation"),
    )


def _fronts(campaign: LiveCampaign, request: Request, view: View) -> Figure:
    measure = _chosen(request, "measure", MEASURES, "b_wr")
    return fronts_figure(_side_by_side(campaign, request, view), measure)


def _efficiency(campaign: LiveCampaign, _: Request, __: View) -> Figure:
    return efficiency_figure(_reward(campaign).facts)


def _calibration(campaign: LiveCampaign, _: Request, __: View) -> Figure:
    index, reward = campaign.index, _reward(campaign)
    places = np.flatnonzero(index.archived & ~index.baseline)
    ids = [index.ids[place] for place in places.tolist()]
    return calibration_figure(reward.facts, reward.forecasts, ids)


class _Reward(NamedTuple):
    """The `reward_facts` and `forecast_columns` of a campaign."""

    facts: Mapping[str, Any]
    forecasts: Mapping[str, Floats]


def _reward(campaign: LiveCampaign) -> _Reward:
    """Raises `UsageError` where too few candidates were evaluated."""
    from evo.report.facts.reward import forecast_columns, reward_facts  # noqa: PLC0415 - torch
    from evo.studies.reward import Rewards  # noqa: PLC0415 - imports torch

    def make() -> _Reward:
        judgement = Rewards.of([campaign.reader]).judgement()
        return _Reward(reward_facts(judgement), forecast_columns(judgement.forecasts))

    return campaign.cached("reward", make)


def _screening(campaign: LiveCampaign, _: Request, __: View) -> Figure:
    return screening_figure(campaign.index)


def _spend(campaign: LiveCampaign, _: Request, __: View) -> Figure:
    return spend_figure(campaign.index)


def _place(campaign: LiveCampaign, request: Request) -> int:
    id_ = request.query_params.get("id", "")
    if id_ not in campaign.index.places:
        raise UsageError(f"No candidate has the id {id_!r}.")
    return campaign.index.places[id_]


_AUTHORS = {"operator": "", "model": ""}

_FIGURES: Mapping[str, Callable[[LiveCampaign, Request, View], Figure]] = {
    "fitness": _fitness,
    "front": _front,
    "family": _family,
    "map": _map,
    "shares": _shares,
    "contributions": _contributions,
    "trials": _trials,
    "component": _component,
    "comparison": _comparison,
    "fronts": _fronts,
    "efficiency": _efficiency,
    "calibration": _calibration,
    "screening": _screening,
    "spend": _spend,
}
