"""The status of a campaign: generation, funnel, best candidate, spending."""

from collections import Counter
from itertools import groupby
from typing import Any

from archive.history import stop_reason
from archive.history.machines import read_stays
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.campaign.climb import Ascent
from evo.core.records import Generation, Record, Status
from evo.report.facts.authorship import Authorship
from evo.report.facts.climb import climb_facts, fresh_seed
from evo.report.facts.record import best_record, measure_facts
from evo.report.facts.spend import Spending, spent_facts
from evo.report.facts.trouble import LostReplies
from evo.screening.verdict import ScreeningVerdict


def status_facts(history: Reader, authorship: Authorship | None = None) -> dict[str, Any]:
    """The JSON document of `evo run --json`, and most of that of `evo status --json`.

    Args:
        history: the campaign's.
        authorship: takes every record too, so that they are read from disk once.
    """
    state = _state(history)
    counts: Counter[Status] = Counter()
    archived = 0
    best: Record | None = None
    screening = ScreeningVerdict()
    lost = LostReplies()
    spending = Spending()
    ascent = Ascent(fresh_seed(history.config))
    for generation, group in groupby(history.records, lambda record: record.generation):
        members = list(group)
        ascent.take(Generation(generation, members, []))
        screening = screening.after(members)
        archived += sum(record.novelty is not None for record in members)
        for record in members:
            lost.take(record)
            spending.take(record)
            if authorship is not None:
                authorship.take(record)
        candidates = [record for record in members if record.is_proposal]
        counts.update(record.status for record in candidates)
        best = best_record(candidates if best is None else [best, *candidates])
    climb = climb_facts(ascent.now)
    replies = Replies.read(history.folder, campaign=history.id)
    facts: dict[str, Any] = {
        "name": history.folder.name,
        "kind": history.config["kind"],
        "generation": history.generation,
        "state": state,
        "stopped_because": stop_reason.read_stop_reason(history.folder)
        if state == "stopped"
        else None,
        "seed": history.config["seed"],
        "proposed": counts.total(),
        "duplicates": counts[Status.DUPLICATE],
        "invalid": counts[Status.INVALID],
        "screened_out": counts[Status.SCREENED_OUT],
        "failed": counts[Status.FAILED],
        "evaluated": counts[Status.EVALUATED],
        "archive_size": archived,
        "best": None if best is None else {"id": best.id, **measure_facts(best)},
        **({} if climb is None else {"climb": climb}),
        "llm": spent_facts(replies.total),
        "reward": _reward_facts(history, screening),
    }
    # What is worth a word is there only where there is something to say.
    if (spend := spending.facts(replies)) is not None:
        facts["spend"] = spend
    if trouble := lost.words(history.config):
        facts["trouble"] = trouble
    if len(stays := read_stays(history.folder)) > 1:
        facts["machines"] = [
            {"generation": stay.generation, "before": list(stay.before), "machine": stay.name}
            for stay in stays
        ]
    return facts


def _reward_facts(history: Reader, verdict: ScreeningVerdict) -> dict[str, Any] | None:
    """State of the reward model; None in a campaign that does not screen."""
    if not history.config.get("reward", {}).get("screening", False):
        return None
    return {"state": verdict.state.value, "since": verdict.since, "why": verdict.why}


def _state(history: Reader) -> str:
    if history.generation >= history.config["generations"]:
        return "finished"
    return "running" if history.is_running else "stopped"
