"""Search state: all that a search derives from its sealed generations, in one list.

A resumed campaign replays its history through `SearchState.take`; a running one calls the same
function after each seal. Nothing else feeds these parts, so a resumed search equals the
uninterrupted one.
"""

from dataclasses import dataclass, field
from typing import Protocol

from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign.ablation import AblationState
from evo.campaign.progress import Tracker
from evo.core.records import Generation, Record
from evo.proposing.feedback.results import Results
from evo.proposing.memory import Memory
from evo.proposing.seen import SeenSources
from evo.proposing.wordings import Wordings
from evo.screening.learner import Learner
from evo.selection.population import Population


class Derived(Protocol):
    """A part of the search's state that follows from sealed generations alone."""

    def take(self, sealed: Generation) -> None:
        """Take in the next sealed generation; they come in order, those lost in a repair do not."""
        ...


class Baselines:
    """The known components of generation 0, with their trials."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def take(self, sealed: Generation) -> None:
        """Keep the baselines."""
        self.records += [record for record in sealed.records if record.is_baseline]


class LastRequest:
    """The last request to a language model whose reply became a record."""

    def __init__(self) -> None:
        self.key = ""

    def take(self, sealed: Generation) -> None:
        """Note the key of the last request."""
        keys = (record.candidate.request for record in reversed(sealed.records))
        self.key = next(filter(None, keys), self.key)


@dataclass(frozen=True)
class SearchState:
    """All that a search derives from its sealed generations.

    Attributes:
        population: survivors of the last two generations.
        archive: both descriptors of everything known.
        memory: how operators and models fared lately, and what failed.
        tracker: counts for progress reports.
        learner: the reward models; None where chance alone screens.
        ablations: what ablations need; None where no kinds are combined.
        baselines: the known components, with their trials.
        seen: every source so far.
        last_request: the last answered request to a language model.
        results: which descends from which with what effect, for prompts; None without models.
        wordings: of the operators' tasks; None where none compete.
    """

    population: Population
    archive: NoveltyArchive
    memory: Memory
    tracker: Tracker
    learner: Learner | None = None
    ablations: AblationState | None = None
    baselines: Baselines = field(default_factory=Baselines)
    seen: SeenSources = field(default_factory=SeenSources)
    last_request: LastRequest = field(default_factory=LastRequest)
    results: Results | None = None
    wordings: Wordings | None = None

    @property
    def parts(self) -> list[Derived]:
        """Every part, in the order in which it takes in a generation."""
        parts: list[Derived | None] = [
            self.baselines,
            self.population,
            self.archive,
            self.seen,
            self.memory,
            self.last_request,
            self.results,
            self.wordings,
            self.learner,
            self.ablations,
            self.tracker,
        ]
        return [part for part in parts if part is not None]

    def take(self, sealed: Generation) -> None:
        """Take in the next sealed generation, see `Derived.take`."""
        for part in self.parts:
            part.take(sealed)
