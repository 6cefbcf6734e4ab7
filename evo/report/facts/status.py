"""The status of a campaign: generation, funnel, best candidate, spending."""

from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from archive.history import stop_reason
from archive.history.changes import is_paused
from archive.history.hours import read_hours
from archive.history.live_status import read_live_status
from archive.history.lost_attempts import read_losses
from archive.history.machines import read_stays
from archive.history.reader import Reader
from archive.history.records import Records
from archive.history.replies import Replies
from evo.campaign.ascent import fresh_seed
from evo.campaign.climb import Climb
from evo.core.records import Generation, Status
from evo.core.stages import ScreeningState
from evo.report.facts.authorship import AuthorshipFacts, authorship_of
from evo.report.facts.climb import Climbs, climb_facts
from evo.report.facts.figures import names_of_shipped, trial_facts
from evo.report.facts.index import Index
from evo.report.facts.record import finite_or_null
from evo.report.facts.spend import spending_facts, spent_facts
from evo.report.facts.steering import change_facts
from evo.report.facts.trouble import LostReplies
from evo.screening.verdict import ScreeningVerdict

if TYPE_CHECKING:
    from evo.proposing.feedback.results import Results


class StatusTally:
    """All that the status of a campaign counts.

    A view of a running campaign keeps one and takes in what was sealed since, so that a long
    history is read once.

    Args:
        config: the campaign's configuration.

    Attributes:
        index: the columns of the records taken in.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._climbs = Climbs(fresh_seed(config))
        self._results = _results(config)
        self.index = Index()

    @property
    def climbs(self) -> Sequence[Climb]:
        """The climb after each generation taken in."""
        return self._climbs.known

    @property
    def authorship(self) -> AuthorshipFacts:
        """The facts per operator and per model."""
        return authorship_of(self.index)

    def take(self, index: Index, records: Records) -> None:
        """Take in the records of the following generations, in order and whole.

        Args:
            index: of all records, those taken in before among them.
            records: the same records.
        """
        done = len(self.index)
        self._climbs.take(index, records, done)
        if self._results is not None:
            following = islice(records.since(done), len(index) - done)
            for generation, group in groupby(following, lambda record: record.generation):
                self._results.take(Generation(generation, list(group), []))
        self.index = index

    def facts(self, history: Reader) -> dict[str, Any]:
        """The status of the campaign as of the last generation taken in.

        Args:
            history: the campaign's.
        """
        index, records = self.index, history.records
        counts, best = index.counts(), index.leader
        climb = climb_facts(self.climbs[-1] if self.climbs else None)
        replies = Replies.read(history.folder, campaign=history.id)
        state = state_of(history)
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
            "proposed": sum(counts.values()),
            "duplicates": counts[Status.DUPLICATE],
            "invalid": counts[Status.INVALID],
            "screened_out": counts[Status.SCREENED_OUT],
            "failed": counts[Status.FAILED],
            "evaluated": counts[Status.EVALUATED],
            "archive_size": int(index.archived.sum()),
            "best": None if best is None else {"id": index.ids[best], **self._measures(best)},
            **({} if best is None else {"figures": self._figures(best, records)}),
            **({} if climb is None else {"climb": climb}),
            "llm": spent_facts(replies.total),
            "reward": _reward_facts(history, verdict_of(index)),
        }
        # What is worth a word is there only where there is something to say.
        if (spend := spending_facts(index, replies)) is not None:
            facts["spend"] = spend
        if trouble := LostReplies.of(index).words(self._config):
            facts["trouble"] = trouble
        if origins := history.config.get("start_from"):
            inherited = index.inherited
            facts["began_with"] = {
                "evaluated": int((inherited & index.coded("status").among(Status.EVALUATED)).sum()),
                "known": int(inherited.sum()),
                "origins": [dict(origin) for origin in origins],
            }
        if self._results is not None and (known := self._results.notes(index.generation)):
            facts["notes"] = [
                {
                    "change": note.change,
                    "effect": list(note.effect),
                    "pairs": note.pairs,
                    "others": note.others,
                }
                for note in known
            ]
        if self._results is not None and (tested := self._results.tested(index.generation)):
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

    def _measures(self, best: int) -> dict[str, float | None]:
        """Win rates, margin and N-scores of the best; None where there is no N-score."""
        names = ("b_wr", "bsota_wr", "margin", "n_text", "n_behaviour")
        return finite_or_null({name: float(self.index.numbers[name][best]) for name in names})

    def _figures(self, best: int, records: Records) -> list[dict[str, Any]]:
        """Loss and metric of the best, beside those of the best baseline, by task."""
        places = np.flatnonzero(self.index.baseline & self.index.scored).tolist()
        ids = [self.index.ids[place] for place in places]
        baselines = dict(zip(ids, records.trials(places), strict=True))
        (trials,) = records.trials([best])
        names = names_of_shipped(self._config["kind"])
        return trial_facts(self.index.ids[best], trials, baselines, names)


def _results(config: Mapping[str, Any]) -> "Results | None":
    """Notes and tests of hypotheses, to which every child is compared with its parent.

    None without a language model, as only prompts need them; then not even their code is read.
    """
    if not config.get("llm", {}).get("models"):
        return None
    from evo.proposing.feedback.results import Results  # noqa: PLC0415 - it imports the syntax tree's room

    return Results()


def verdict_of(index: Index) -> ScreeningVerdict:
    """The state of a campaign's reward model, as `ScreeningVerdict.after` follows it."""
    states = index.coded("screening")
    places = np.flatnonzero(~states.among(""))
    if not len(places):
        return ScreeningVerdict()
    last = int(places[-1])
    others = np.flatnonzero(states.codes[places] != states.codes[last])
    first = places[others[-1] + 1] if len(others) else places[0]
    state = ScreeningState(states[last])
    is_first = not len(others) and state is ScreeningVerdict().state
    since = 0 if is_first else int(index.numbers["generation"][first])
    return ScreeningVerdict(state, since, index.coded("screening_why")[last])


def status_tally(history: Reader) -> StatusTally:
    """The tally of a campaign's sealed generations."""
    tally, records = StatusTally(history.config), history.records
    tally.take(Index.of(records), records)
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
