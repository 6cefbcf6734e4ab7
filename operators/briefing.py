"""The facts that a prompt is made from: records, and what else is known of them.

Plain data: words stand in the templates of `prompts`. All but the first three fields of a briefing
may be missing, so that an operator can be asked for a prompt without a campaign.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from evo.core.contract import Contract
from evo.core.diagnosis import Diagnosis
from evo.core.estimate import Estimate
from evo.core.records import Record
from evo.core.search_setting import SearchSetting
from operators.listing import Listing

_MOST_CHARACTERS = 18_000
"""Longest prompt, system message included: some 6,000 tokens at three characters each."""


class NetworkResult(NamedTuple):
    """A component's result on one network of one task.

    Attributes:
        margin: mean over seeds of log(best known loss / own loss).
        rival: name of the known component with the lowest loss there.
        learning_rate: picked on validation data.
        loss: mean test loss, or share of wrong answers where that decides; inf where a trial
            was lost.
        diagnosis: how the training went; None where it was not noted.
    """

    task: str
    network: str
    margin: Estimate
    rival: str
    learning_rate: float
    loss: float
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True)
class Portrait:
    """Facts about one component beside its record.

    Attributes:
        name: of a known component its name, else the first digits of its id.
        results: one per network, at the highest rung.
        facts: simple numbers by what they are, see `Kind.facts`.
        nearest: name of the nearest component among the known ones and the population of today;
            empty where there is none.
        distance: behaviour distance to it.
        operations: tensor operations of its graph; 0 where it has none.
    """

    name: str
    results: Sequence[NetworkResult] = ()
    facts: Mapping[str, float] = field(default_factory=dict[str, float])
    nearest: str = ""
    distance: float = 0.0
    operations: int = 0


class Attempt(NamedTuple):
    """A proposal and what came of it.

    Attributes:
        record: as a component of the kind that is asked for; without trials and graphs.
        name: see `Portrait.name`.
        parent: name of the parent that it is compared with; empty without one.
        change: lines of its source that differ from that parent's, "- " or "+ " before each;
            empty where most of it differs.
        effect: mean over common trials of log(parent's loss / own loss); None where it did not
            train.
        trainings: number of these trials.
        others: names of its further parents.
        networks: names of networks, and the margins against the best known losses there.
    """

    record: Record
    name: str
    parent: str = ""
    change: Sequence[str] = ()
    effect: Estimate | None = None
    trainings: int = 0
    others: Sequence[str] = ()
    networks: Sequence[tuple[str, float]] = ()


class RequestPlace(NamedTuple):
    """The place of a request in a campaign, so that no two requests are the same.

    Attributes:
        generation: that it proposes for.
        number: of the request within the generation, from 1.
        angle: index of the direction that it is asked to look in, any number.
    """

    generation: int
    number: int
    angle: int


@dataclass(frozen=True)
class Answers:
    """Counts of the language models' answers so far.

    Attributes:
        counts: answers by what became of them.
        recent: the latest and best of them.
    """

    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    recent: Sequence[Attempt] = ()


class Note(NamedTuple):
    """A sort of change that does better or worse than others.

    Attributes:
        change: what it does, in words, such as "adds sin".
        effect: mean of log(parent's loss / child's loss) over its comparisons.
        pairs: number of comparisons of a parent and a child.
        others: mean effect of all other changes.
    """

    change: str
    effect: Estimate
    pairs: int
    others: float

    @property
    def is_shown(self) -> bool:
        """True where the interval of the effect excludes zero."""
        return self.effect.low > 0 or self.effect.high < 0


class Contender(NamedTuple):
    """A wording of an operator's task, empty for the standard one, and what it led to.

    Attributes:
        proposed: candidates.
        survived: those that were in the population when their generation ended.
    """

    text: str
    proposed: int
    survived: int


class Idea(NamedTuple):
    """An idea to work out: its author's remark, and the component that it came with."""

    remark: str
    source: str


@dataclass(frozen=True)
class Briefing:
    """The facts that one prompt may use.

    Attributes:
        contract: what the reply must define.
        baselines: the known components by name, evaluated.
        parents: what the offspring descends from, evaluated; for a repair the refused candidate.
        neighbours: known components that it should differ from, the nearest first.
        failures: recent candidates that fell out, with their reasons.
        partners: in a combination, sources of the other members' components, by kind.
        hints: words of the person who runs the search.
        setting: how candidates are trained and judged.
        portraits: what else is known of components, by id.
        leaders: some of the best so far, the best first.
        trailing: some of those that lost.
        tried: what was tried from the parents, the best first.
        origins: how parents came about, and what else was tried from where they come from.
        answers: what became of the models' answers.
        listing: everything that was tried; where it holds something, it stands for `trailing`,
            `answers` and `failures`.
        listing_characters: longest list.
        notes: what helped and what hurt.
        hypotheses: that models worded and children tested, the latest last.
        hypothesis: that the offspring should test; else empty.
        wants_hypothesis: whether the reply should word a hypothesis too.
        idea: to work out; None where the request is free.
        still_for: generations since the best became better.
        place: where the request stands.
        most_characters: longest prompt; less is shown where it would be longer.
        has_card: whether the kind's card is shown, what the field knows of it.
        wants_idea: whether the reply should describe a component in words, for another model to
            write.
        words: another model's idea, that the reply should write as code; else empty.
        wording: of the task, in place of the standard one; else empty.
        contenders: wordings that the reply should add another to; empty where none is wanted.
    """

    contract: Contract
    baselines: Mapping[str, Record]
    parents: Sequence[Record]
    neighbours: Sequence[Record] = ()
    failures: Sequence[Record] = ()
    partners: Mapping[str, str] = field(default_factory=dict[str, str])
    hints: Sequence[str] = ()
    setting: SearchSetting | None = None
    portraits: Mapping[str, Portrait] = field(default_factory=dict[str, Portrait])
    leaders: Sequence[Record] = ()
    trailing: Sequence[Record] = ()
    tried: Sequence[Attempt] = ()
    origins: Sequence[Attempt] = ()
    answers: Answers = Answers()
    listing: Listing = field(default_factory=Listing)
    listing_characters: int = _MOST_CHARACTERS // 4
    notes: Sequence[Note] = ()
    hypotheses: Sequence[Note] = ()
    hypothesis: str = ""
    wants_hypothesis: bool = False
    idea: Idea | None = None
    still_for: int = 0
    place: RequestPlace = field(default_factory=lambda: RequestPlace(0, 1, 0))
    most_characters: int = _MOST_CHARACTERS
    has_card: bool = False
    wants_idea: bool = False
    words: str = ""
    wording: str = ""
    contenders: Sequence[Contender] = ()
