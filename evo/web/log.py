"""The log of a campaign: what happened by generation, and why candidates fell out."""

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np

from archive.history.confirmations import paths, read_confirmation
from archive.history.machines import read_stays
from archive.history.stop_reason import read_stop_reason
from evo.core.records import Status
from evo.report.facts.index import Index
from evo.report.facts.steering import change_facts, change_words
from evo.web.campaign import LiveCampaign

_MOST_REASONS = 40
_NUMBER = re.compile(r"\b[0-9a-f]{12,}\b|[-+−]?\d+(\.\d+)?([eE][-+]?\d+)?")


def log_entries(campaign: LiveCampaign) -> list[dict[str, Any]]:
    """Events of a campaign by generation, the latest first: sealed, best, changed, trouble."""
    index = campaign.index
    statuses = index.coded("status")
    log: list[dict[str, Any]] = []
    for number in range(campaign.reader.generation + 1):
        here = index.stretch(number)
        kept = statuses.codes[here][(index.proposed if number else index.baseline)[here]]
        codes: list[int] = kept.tolist()
        counts = Counter(statuses.values[code] for code in codes)
        words = ", ".join(f"{count} {_word(status)}" for status, count in counts.most_common())
        if number == 0:
            words = f"{len(kept)} baselines trained"
        log.append({"generation": number, "kind": "sealed", "words": words, "id": ""})
    for before, climb in pairwise([None, *campaign.tally.climbs]):
        if climb is None or climb.best is None:
            continue
        if before is None or before.best is None or before.best.id != climb.best.id:
            margin = climb.best.margin
            words = f"new best: margin {margin.value:+.3f} [{margin.low:+.2f}, {margin.high:+.2f}]"
            log.append(
                {
                    "generation": climb.generation,
                    "kind": "best",
                    "words": words,
                    "id": climb.best.id,
                }
            )
        if climb.warning and (before is None or not before.warning):
            log.append(
                {
                    "generation": climb.generation,
                    "kind": "alarm",
                    "words": climb.warning,
                    "id": "",
                }
            )
    log += [
        {"generation": change["first"], "kind": "changed", "words": change_words(change), "id": ""}
        for change in change_facts(campaign.reader)
    ]
    log += [
        {"generation": stay.generation, "kind": "machine", "words": f"on {stay.name}", "id": ""}
        for stay in read_stays(campaign.folder)
    ]
    latest = campaign.reader.generation
    for path in paths(campaign.folder):
        content = read_confirmation(path)
        verdicts = Counter(str(entry.get("verdict")) for entry in content["candidates"])
        words = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
        log.append(
            {"generation": latest, "kind": "confirmed", "words": f"{path.stem}: {words}", "id": ""}
        )
    reader = campaign.reader
    if latest < reader.config["generations"] and not reader.is_running:
        reason = read_stop_reason(campaign.folder)
        log.append({"generation": latest, "kind": "stopped", "words": reason, "id": ""})
    return sorted(log, key=lambda entry: -entry["generation"])


def reasons(index: Index) -> list[dict[str, Any]]:
    """Reasons why candidates fell out, the most frequent first, with the latest of each.

    Reasons that differ in numbers and ids alone are one.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    latest: dict[tuple[str, str, str], int] = {}
    spellings: dict[tuple[str, str, str], set[str]] = {}
    status_of, stage_of = index.coded("status"), index.coded("stage")
    places = np.flatnonzero(index.proposed & ~status_of.among(Status.EVALUATED)).tolist()
    for place, reason in zip(places, index.stored("reason").several(places), strict=True):
        status, stage = status_of[place], stage_of[place]
        key = status, stage, _NUMBER.sub("…", reason)
        counts[key] += 1
        latest[key] = place
        spellings.setdefault(key, set()).add(reason)
    return [
        {
            "status": key[0],
            "stage": key[1],
            "reason": key[2] if len(spellings[key]) > 1 else min(spellings[key]),
            "count": count,
            "id": index.texts["id"][latest[key]],
            "generation": int(index.numbers["generation"][latest[key]]),
        }
        for key, count in counts.most_common(_MOST_REASONS)
    ]


def _word(status: str) -> str:
    return status.lower().replace("_", " ")
