"""The status of a campaign: generation, funnel, best candidate, spending."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from archive.history import stop_reason
from archive.history.changes import is_paused
from archive.history.hours import read_hours
from archive.history.live_status import read_live_status
from archive.history.losses import read_losses
from archive.history.machines import read_stays
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.campaign.climb import Ascent, Climb
from evo.core.records import Generation, Record, Status, Trial
from evo.feedback.results import Results
from evo.report.facts.authorship import Authorship
from evo.report.facts.climb import climb_facts, fresh_seed
from evo.report.facts.figures import figure_facts, names_of_shipped, trials_of_baselines
from evo.report.facts.record import best_record, measure_facts
from evo.report.facts.spend import Spending, spent_facts
from evo.report.facts.steering import change_facts
from evo.report.facts.trouble import LostReplies
from evo.screening.verdict import ScreeningVerdict


class StatusTally:
    """All that the status of a campaign counts, generation by generation.

    A view of a running campaign keeps one and takes in what was sealed since, so that a long
    history is read once.

    Args:
        config: the campaign's configuration.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._counts: Counter[Status] = Counter()
        self._inherited: Counter[Status] = Counter()
        self._archived = 0
        self._best: Record | None = None
        self._baselines: dict[str, Sequence[Trial]] = {}
        self._screening = ScreeningVerdict()
        self._lost = LostReplies()
        self._spending = Spending()
        self._ascent = Ascent(fresh_seed(config))
        # Comparing every child with its parent takes time that only prompts need.
        self._results = Results() if config.get("llm", {}).get("models") else None
        self.generation = -1
        self.records = 0
        self.climbs: list[Climb] = []
        self.authorship = Authorship()

    def take(self, records: Iterable[Record]) -> None:
        """Take in the records of the following generations, in order and whole."""
        for generation, group in groupby(records, lambda record: record.generation):
            members = list(group)
            self._ascent.take(Generation(generation, members, []))
            if self._results is not None:
                self._results.take(Generation(generation, members, []))
            self._screening = self._screening.after(members)
            self._baselines |= trials_of_baselines(members)
            self._archived += sum(record.novelty is not None for record in members)
            for record in members:
                self._lost.take(record)
                self._spending.take(record)
                self.authorship.take(record)
            candidates = [record for record in members if record.is_proposal]
            inherited = [record for record in candidates if record.is_inherited]
            self._inherited.update(record.status for record in inherited)
            if not inherited:
                self._counts.update(record.status for record in candidates)
            contenders = candidates if self._best is None else [self._best, *candidates]
            self._best = best_record(contenders)
            self.generation = generation
            self.records += len(members)
            if self._ascent.now is not None:
                self.climbs.append(self._ascent.now)

    def facts(self, history: Reader) -> dict[str, Any]:
        """The status of the campaign as of the last generation taken in.

        Args:
            history: the campaign's.
        """
        state = state_of(history)
        best, counts = self._best, self._counts
        climb = climb_facts(self._ascent.now)
        replies = Replies.read(history.folder, campaign=history.id)
        facts: dict[str, Any] = {
            "name": history.folder.name,
            "kind": history.config["kind"],
            "generation": history.generation,
            "generations": history.config["generations"],
            "state": state,
            "stopped_because": stop_reason.read_stop_reason(history.folder)
            if state == "stopped"
            else None,
            "elapsed_hours": read_hours(history.folder),
            "progress": read_live_status(history.folder) if state == "running" else None,
            "seed": history.config["seed"],
            "proposed": counts.total(),
            "duplicates": counts[Status.DUPLICATE],
            "invalid": counts[Status.INVALID],
            "screened_out": counts[Status.SCREENED_OUT],
            "failed": counts[Status.FAILED],
            "evaluated": counts[Status.EVALUATED],
            "archive_size": self._archived,
            "best": None if best is None else {"id": best.id, **measure_facts(best)},
            **({} if best is None else {"figures": self._figures(best)}),
            **({} if climb is None else {"climb": climb}),
            "llm": spent_facts(replies.total),
            "reward": _reward_facts(history, self._screening),
        }
        # What is worth a word is there only where there is something to say.
        if (spend := self._spending.facts(replies)) is not None:
            facts["spend"] = spend
        if trouble := self._lost.words(self._config):
            facts["trouble"] = trouble
        if origins := history.config.get("start_from"):
            facts["began_with"] = {
                "evaluated": self._inherited[Status.EVALUATED],
                "known": self._inherited.total(),
                "origins": [dict(origin) for origin in origins],
            }
        if self._results is not None and (known := self._results.notes(self.generation)):
            facts["notes"] = [
                {
                    "change": note.change,
                    "effect": list(note.effect),
                    "pairs": note.pairs,
                    "others": note.others,
                }
                for note in known
            ]
        if self._results is not None and (tested := self._results.tested(self.generation)):
            facts["hypotheses"] = [
                {
                    "hypothesis": note.change,
                    "effect": list(note.effect),
                    "pairs": note.pairs,
                    "others": note.others,
                    "is_shown": note.is_shown,
                }
                for note in tested
            ]
        if history.changes:
            facts["changes"] = change_facts(history)
        if is_paused(history.changes):
            facts["paused"] = "until evo ctl RUN resume"
        if lost := read_losses(history.folder):
            newest = lost.newest[-1]["detail"] if lost.newest else ""
            facts["lost"] = {**lost.causes, "trained_again": lost.jobs, "last": newest}
        if len(stays := read_stays(history.folder)) > 1:
            facts["machines"] = [
                {"generation": stay.generation, "before": list(stay.before), "machine": stay.name}
                for stay in stays
            ]
        return facts

    def _figures(self, best: Record) -> list[dict[str, Any]]:
        """Loss and metric of the best, beside those of the best baseline, by task."""
        return figure_facts(best, self._baselines, names_of_shipped(self._config["kind"]))


def status_tally(history: Reader) -> StatusTally:
    """The tally of a campaign's sealed generations."""
    tally = StatusTally(history.config)
    tally.take(history.records)
    return tally


def status_facts(history: Reader) -> dict[str, Any]:
    """The JSON document of `evo run --json`, and most of that of `evo status --json`."""
    return status_tally(history).facts(history)


def _reward_facts(history: Reader, verdict: ScreeningVerdict) -> dict[str, Any] | None:
    """State of the reward model; None in a campaign that does not screen."""
    if not history.config.get("reward", {}).get("screening", False):
        return None
    return {"state": verdict.state.value, "since": verdict.since, "why": verdict.why}


def state_of(history: Reader) -> str:
    """The state of a campaign: finished, running or stopped."""
    if history.generation >= history.config["generations"]:
        return "finished"
    return "running" if history.is_running else "stopped"
