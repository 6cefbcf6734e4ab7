"""The facts of a campaign as plain data: what `--json` prints and the tables show."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from archive.history import stop_reason
from archive.history.reader import Reader
from archive.history.replies import Replies
from archive.pareto import front, hypervolume
from evo.core.errors import UsageError
from evo.core.records import Record, Status
from evo.screening.verdict import ScreeningVerdict
from evo.selection.individual import performance

FRONT_OBJECTIVES = ("b_wr", "n_behaviour")
"""Performance and novelty of the front, both to be maximised."""


@dataclass(frozen=True)
class Front:
    """The Pareto front of a campaign over `FRONT_OBJECTIVES`.

    Attributes:
        members: non-dominated candidates, best performance first.
        others: the other candidates that reached the same, highest rung.
        baselines: the known components, measured against each other.
        hypervolume: area that the members dominate, from the point (0, 0).
    """

    members: tuple[Record, ...]
    others: tuple[Record, ...]
    baselines: tuple[Record, ...]
    hypervolume: float


def pareto_front(records: Iterable[Record]) -> Front:
    """The front among fully evaluated candidates.

    Only the highest rung that anyone reached counts: a win rate at a short rung is a win over
    baselines that trained as briefly, not the same measure.
    """
    baselines: list[Record] = []
    complete = fully_evaluated(without_baselines(records, baselines))
    points = np.array([objectives(record) for record in complete]).reshape(
        -1, len(FRONT_OBJECTIVES)
    )
    chosen = dict.fromkeys(int(index) for index in front(points))
    return Front(
        members=tuple(complete[index] for index in chosen),
        others=tuple(r for index, r in enumerate(complete) if index not in chosen),
        baselines=tuple(baselines),
        hypervolume=float(hypervolume(points, np.zeros(len(FRONT_OBJECTIVES)))),
    )


def fully_evaluated(records: Iterable[Record]) -> list[Record]:
    """The candidates at the highest rung that any of them reached."""
    found: list[Record] = []
    for record in records:
        if record.novelty is None or record.is_baseline:
            continue
        # Those below the highest rung so far are let go at once: a long history has many.
        if found and record.scored.rung > found[0].scored.rung:
            found = []
        if not found or record.scored.rung == found[0].scored.rung:
            found.append(record)
    return found


def without_baselines(records: Iterable[Record], baselines: list[Record]) -> Iterator[Record]:
    """The records that are no baselines; those go to the list."""
    for record in records:
        if record.is_baseline:
            baselines.append(record)
        else:
            yield record


def best_record(records: Iterable[Record]) -> Record | None:
    """The candidate of the best performance, of equals the first; None where there is none."""
    archived = (record for record in records if record.novelty and not record.is_baseline)
    return max(archived, key=performance, default=None)


def objectives(record: Record) -> tuple[float, float]:
    """Performance and novelty of an evaluated record, in the order of `FRONT_OBJECTIVES`."""
    rates = _rates(record)
    return rates[FRONT_OBJECTIVES[0]], rates[FRONT_OBJECTIVES[1]]


def find_record(records: Iterable[Record], beginning: str) -> Record:
    """The record whose id begins so; of several proposals of one source the furthest on.

    Raises:
        UsageError: none does, or several candidates do.
    """
    found = [record for record in records if record.id.startswith(beginning)]
    ids = sorted({record.id for record in found})
    if not ids:
        raise UsageError(f"No candidate's id begins with {beginning!r}. See evo export for all.")
    if len(ids) > 1:
        raise UsageError(f"{beginning!r} begins {len(ids)} ids: {', '.join(ids[:4])} … Say more.")
    return max(found, key=lambda r: (-1 if r.score is None else r.score.rung, bool(r.graph)))


def status_facts(history: Reader) -> dict[str, Any]:
    """What `evo status --json` prints."""
    state = _state(history)
    counts: Counter[Status] = Counter()
    archived = 0
    best: Record | None = None
    reward = ScreeningVerdict()
    for record in history.records:
        reward = reward.after([record])
        archived += record.novelty is not None
        if record.is_proposal:
            counts[record.status] += 1
            best = best_record([record] if best is None else [best, record])
    return {
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
        "best": None if best is None else {"id": best.id, **_rates(best)},
        "llm": Replies.read(history.folder, campaign=history.id).total._asdict(),
        "reward": _reward(history, reward),
    }


def record_facts(
    record: Record,
    confirmation: Mapping[str, Any] | None = None,
    credits_: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `evo show --json` prints: everything but the vectors.

    Args:
        record: the record.
        confirmation: what the newest confirmation says of it, if there is one.
        credits_: of its components, if it is a combination and they were measured.
    """
    candidate, score, novelty = record.candidate, record.score, record.novelty
    return {
        "id": record.id,
        "kind": candidate.kind,
        "operator": candidate.operator,
        "parents": list(candidate.parents),
        "model": candidate.model,
        "request": candidate.request,
        "rationale": candidate.rationale,
        "generation": record.generation,
        "status": record.status.value,
        "stage": record.stage,
        "reason": record.reason,
        "source": candidate.source,
        "score": None if score is None else {**score_facts(record), "trials": _trials(record)},
        "novelty": None if novelty is None else novelty._asdict(),
        "seconds": record.seconds,
        "cost_usd": record.cost_usd,
        **({} if credits_ is None else {"credits": dict(credits_)}),
        **({} if confirmation is None else {"confirmation": _verdict(confirmation)}),
    }


def score_facts(record: Record) -> dict[str, Any]:
    """Rung, win rates with intervals, margin and tasks; nulls where there is no score."""
    score = record.score
    if score is None:
        keys = ("rung", "b_wr", "b_wr_ci", "bsota_wr", "bsota_wr_ci", "margin")
        return {**dict.fromkeys(keys), "tasks": {}}
    return {
        "rung": score.rung,
        "b_wr": score.b_wr.value,
        "b_wr_ci": [score.b_wr.low, score.b_wr.high],
        "bsota_wr": score.bsota_wr.value,
        "bsota_wr_ci": [score.bsota_wr.low, score.bsota_wr.high],
        "margin": score.margin,
        "tasks": {name: finite(task._asdict()) for name, task in score.tasks.items()},
    }


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with null for what JSON has no number for: the loss of a lost trial."""
    return {
        key: None if isinstance(value, float) and not np.isfinite(value) else value
        for key, value in values.items()
    }


def _verdict(confirmation: Mapping[str, Any]) -> dict[str, Any]:
    """A confirmation without the source and the trials, which stand in its own file."""
    return {
        key: value for key, value in confirmation.items() if key not in ("id", "source", "trials")
    }


def _trials(record: Record) -> list[dict[str, Any]]:
    return [finite(trial._asdict()) for trial in record.scored.trials]


def _reward(history: Reader, verdict: ScreeningVerdict) -> dict[str, Any] | None:
    """How the reward model stands; None in a campaign that does not screen."""
    if not history.config.get("reward", {}).get("screening", False):
        return None
    return {"state": verdict.state.value, "since": verdict.since, "why": verdict.why}


def _state(history: Reader) -> str:
    if history.generation >= history.config["generations"]:
        return "finished"
    return "running" if history.is_running else "stopped"


def _rates(record: Record) -> dict[str, float]:
    return {
        "b_wr": record.scored.b_wr.value,
        "bsota_wr": record.scored.bsota_wr.value,
        "n_text": record.archived.text,
        "n_behaviour": record.archived.behaviour,
    }
