"""The results of a search as prompts tell them: which descends from which, with what effect.

Derived from sealed records alone. A generation may be asked for while a later one is sealed, so
everything is read as of a generation.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evo.core.records import Generation, Record, Status
from evo.core.stages import UNREAD
from evo.core.worth import leaders_by_worth, standard_error
from evo.proposing.feedback.hypotheses import Hypotheses
from evo.proposing.feedback.listing import Proposals
from evo.proposing.feedback.losses import Effect, Losses, effect, network_results
from evo.proposing.feedback.notes import Pair, evidence, features, notes
from operators.briefing import NetworkResult, Note

_LEADERS = 24
"""Best candidates that are remembered whole."""
_TRAILING = 12
"""Candidates of the last generations with the lowest margins."""
_TRAILING_WINDOW = 4
_ANSWERS = 60
_BEHIND = 3
"""Older generations that may still be asked about, since proposals are made ahead."""


@dataclass(frozen=True, slots=True)
class ProposalEntry:
    """A proposal of history, without its graphs, vectors and trials.

    Attributes:
        record: the proposal.
        losses: of its trials; None where it did not train.
        effect: against its first parent, see `evo.proposing.feedback.losses.effect`.
    """

    record: Record
    losses: Losses | None = None
    effect: Effect | None = None


@dataclass(frozen=True)
class Snapshot:
    """The state after a generation.

    Attributes:
        leaders: the best so far with graphs and behaviour, the best first.
        trailing: candidates of the last generations with the lowest margins, the lowest first; only
            those that are surely behind the best.
        answers: the latest proposals of language models, in order.
        counts: all proposals of language models by what became of them.
        best: the largest margin of a leader that counted as progress.
        still_for: generations since then.
    """

    leaders: Sequence[Record] = ()
    trailing: Sequence[Record] = ()
    answers: Sequence[ProposalEntry] = ()
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    best: float = -math.inf
    still_for: int = 0


class Results:
    """Everything that was proposed, by parent; fed by sealed generations.

    Attributes:
        proposals: the same as one list.
        hypotheses: that some of them test.
    """

    def __init__(self) -> None:
        self.proposals = Proposals()
        self.hypotheses = Hypotheses()
        self._entries: dict[str, ProposalEntry] = {}
        self._children: dict[str, list[ProposalEntry]] = {}
        self._snapshots: dict[int, Snapshot] = {}
        self._baselines: dict[str, Losses] = {}
        self._low: list[Record] = []
        self._pairs: list[Pair] = []

    @property
    def baselines(self) -> Mapping[str, Losses]:
        """Losses of the known components by id."""
        return self._baselines

    def take(self, sealed: Generation) -> None:
        """Add a sealed generation."""
        entries = [self._entry(record) for record in sealed.records if not record.is_ablation]
        for entry in entries:
            record = entry.record
            if record.score is not None or record.id not in self._entries:
                self._entries[record.id] = entry
            if record.is_baseline and entry.losses is not None:
                self._baselines[record.id] = entry.losses
            self.hypotheses.take(record, entry.effect)
            for parent in dict.fromkeys(record.candidate.parents):
                self._children.setdefault(parent, []).append(entry)
        self.proposals.take(sealed.number, [(entry.record, entry.losses) for entry in entries])
        self._pairs += [pair for entry in entries for pair in self._pair(entry)]
        before = self._snapshots.get(max(self._snapshots, default=0), Snapshot())
        self._snapshots[sealed.number] = self._after(before, sealed, entries)
        self._snapshots.pop(sealed.number - _BEHIND, None)

    def after(self, generation: int) -> Snapshot:
        """The state after a generation, or the last before it that is known."""
        known = [number for number in list(self._snapshots) if number <= generation]
        return self._snapshots[max(known)] if known else Snapshot()

    def entry(self, id_: str) -> ProposalEntry | None:
        """The proposal or known component of an id; None where it is not sealed yet."""
        return self._entries.get(id_)

    def by_network(
        self, id_: str, losses: Losses | None, name: Callable[[str], str]
    ) -> list[NetworkResult]:
        """The results of a component on each network against the known ones; none without any.

        Args:
            id_: of the component.
            losses: of it.
            name: of a known component in prompts, by its id.
        """
        rivals = {name(other): theirs for other, theirs in self._baselines.items() if other != id_}
        return network_results(losses, rivals) if losses is not None and rivals else []

    def children(self, id_: str, *, last: int) -> list[ProposalEntry]:
        """Proposals that descend from a component, in order, up to a generation."""
        entries = list(self._children.get(id_, ()))
        return [entry for entry in entries if entry.record.generation <= last]

    def notes(self, generation: int) -> list[Note]:
        """Changes that helped and that hurt, as of a generation."""
        return notes(evidence(list(self._pairs), last=generation))

    def tested(self, generation: int) -> list[Note]:
        """The hypotheses that were tested, as of a generation, the earliest first."""
        effects = [pair.effect for pair in list(self._pairs) if pair.generation <= generation]
        others = float(np.clip(effects, -1, 1).mean()) if effects else 0.0
        return self.hypotheses.judged(generation, others=others)

    def _pair(self, entry: ProposalEntry) -> list[Pair]:
        """The comparison of a proposal with its first parent, where both trained."""
        record = entry.record
        if entry.effect is None or record.is_baseline:
            return []
        parent = self._entries[record.candidate.parents[0]].record.candidate
        words = features(parent.source, record.candidate.source)
        return [Pair(record.generation, parent.id, words, entry.effect.mean.value)]

    def _entry(self, record: Record) -> ProposalEntry:
        if record.score is None:
            return ProposalEntry(_lean(record))
        losses = Losses(record.score.trials)
        parent = self._entries.get(next(iter(record.candidate.parents), ""))
        gain = None
        if parent is not None and parent.losses is not None:
            gain = effect(losses, parent.losses)
        return ProposalEntry(_lean(record), losses, gain)

    def _after(
        self, before: Snapshot, sealed: Generation, entries: Sequence[ProposalEntry]
    ) -> Snapshot:
        whole = [
            replace(record, score=replace(record.score, trials=()))
            for record in sealed.records
            if record.is_proposal and record.score is not None
        ]
        self._low = [
            record
            for record in [*self._low, *(e.record for e in entries)]
            if record.is_proposal
            and record.score is not None
            and record.generation > sealed.number - _TRAILING_WINDOW
        ]
        answers = [e for e in entries if e.record.candidate.model]
        counts = Counter(before.counts)
        counts.update(fate(entry) for entry in answers)
        leaders = leaders_by_worth([*before.leaders, *whole])[:_LEADERS]
        ahead = leaders[0].scored.margin.value if leaders else -math.inf
        behind = [record for record in self._low if record.scored.margin.high < ahead]
        best, still_for = before.best, before.still_for + 1
        if leaders and leaders[0].scored.margin.value > best + standard_error(leaders[0]):
            best, still_for = leaders[0].scored.margin.value, 0
        return Snapshot(
            leaders,
            sorted(behind, key=lambda r: (r.scored.margin.value, r.id))[:_TRAILING],
            [*before.answers, *answers][-_ANSWERS:],
            dict(counts),
            best,
            still_for,
        )


def fate(entry: ProposalEntry) -> str:
    """The fate of a proposal, in one word that prompts know."""
    record = entry.record
    if record.stage in UNREAD:
        return "unread"
    if record.status is not Status.EVALUATED:
        return record.status.lower()
    if entry.effect is None:
        return "trained"
    return "better" if entry.effect.mean.value > 0 else "worse"


def _lean(record: Record) -> Record:
    nothing = np.zeros(0, dtype=np.float32)
    return replace(
        record,
        graphs=(),
        text_vector=nothing,
        behaviour_vector=nothing,
        score=None if record.score is None else replace(record.score, trials=()),
    )
