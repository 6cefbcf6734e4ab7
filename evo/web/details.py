"""The page of one candidate: trials against baselines, neighbours, prompt and reply, lineage."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from archive.history.confirmations import newest_of
from evo.core.errors import UsageError
from evo.core.messages import Exchange
from evo.core.records import Record
from evo.report.facts.figures import figure_facts
from evo.web.campaign import LiveCampaign
from evo.web.figures.family import family_of
from evo.web.figures.trials import best_baseline, log_ratio
from evo.web.rows import row_of
from evo.web.text import difference

_MOST_STEPS = 60
"""Steps of a path that are shown with their differences, the latest."""
_MOST_CHILDREN = 50


def candidate_details(campaign: LiveCampaign, id_: str, names: Mapping[str, str]) -> dict[str, Any]:
    """All that the page of a candidate shows.

    Args:
        campaign: the campaign.
        id_: the candidate's id.
        names: of the baselines, by id.

    Raises:
        UsageError: no record has the id.
    """
    index = campaign.index
    place = index.places.get(id_)
    if place is None:
        raise UsageError(f"No candidate has the id {id_!r}.")
    record = campaign.record(place)
    family, children = family_of(index, place), index.children(id_)
    parents = [
        index.places[parent] for parent in record.candidate.parents if parent in index.places
    ]
    return {
        "id": id_,
        "name": names.get(id_, ""),
        "record": record,
        "row": {**row_of(campaign, place), "reason": record.reason},
        "tasks": {} if record.score is None else record.score.tasks,
        "figures": figure_facts(record, campaign.baseline_trials(), names),
        "confirmation": newest_of(campaign.folder, id_),
        "trials": _trial_rows(campaign, record, names),
        "parents": [
            {
                **row_of(campaign, parent),
                "name": names.get(index.texts["id"][parent], ""),
                "difference": difference(index.texts["source"][parent], record.candidate.source),
            }
            for parent in parents
        ],
        "children": [row_of(campaign, child) for child in children[:_MOST_CHILDREN]],
        "child_count": len(children),
        "ancestors": family.total,
        "neighbours": _neighbours(campaign, record, names),
        "exchange": _exchange(campaign, record),
    }


def path_steps(
    campaign: LiveCampaign, path: Sequence[int], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The steps of a path, each with its difference from the one before; the latest first."""
    index = campaign.index
    sources = dict(zip(path, index.stored("source").several(path), strict=True))
    steps: list[dict[str, Any]] = []
    for before, place in zip([None, *path], path, strict=False):
        row = row_of(campaign, place)
        row["name"] = names.get(row["id"], "")
        row["gain"] = None
        if before is not None and row["margin"] is not None:
            earlier = float(index.numbers["margin"][before])
            row["gain"] = None if math.isnan(earlier) else row["margin"] - earlier
        source = sources[place if before is None else before]
        row["difference"] = difference(source, sources[place])
        steps.append(row)
    return steps[::-1][:_MOST_STEPS]


def _trial_rows(
    campaign: LiveCampaign, record: Record, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    if record.score is None:
        return []
    baselines = campaign.baseline_losses()
    rows: list[dict[str, Any]] = []
    for trial in record.score.trials:
        best = best_baseline(trial, baselines)
        rows.append(
            {
                **trial._asdict(),
                "rival": "" if best is None else names.get(best[0], best[0][:8]),
                "rival_loss": None if best is None else best[1],
                "log_ratio": log_ratio(trial, baselines),
            }
        )
    return rows


def _neighbours(
    campaign: LiveCampaign, record: Record, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The nearest known components when the candidate arrived."""
    if record.novelty is None:
        return []
    novelty, index = record.novelty, campaign.index
    pairs = (
        ("behaviour", novelty.behaviour, novelty.nearest_behaviour),
        ("text", novelty.text, novelty.nearest_text),
    )
    return [
        {
            "by": by,
            "score": score,
            "id": id_,
            "name": names.get(id_, ""),
            "source": index.texts["source"][index.places[id_]],
        }
        for by, score, id_ in pairs
        if score is not None and id_ in index.places
    ]


def _exchange(campaign: LiveCampaign, record: Record) -> Exchange | None:
    """The request that the candidate answers, with the reply."""
    if not record.candidate.request:
        return None
    return campaign.replies().get(record.candidate.request)
