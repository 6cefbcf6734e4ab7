"""The list of everything that was tried, with margins, as prompts show it.

Kept as records arrive and ordered once per generation that asks. A long history has more than a
prompt holds: then components of one form stand for each other, and of those the best, the lowest
and some between are listed.
"""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from operator import itemgetter
from typing import NamedTuple

from evo.core.records import Record, Status
from evo.core.source import normalise
from evo.core.stages import NOTHING_READ, TrainingEnd
from evo.proposing.feedback.losses import Losses
from operators.listing import LONGEST_STEP, Listed, Listing, cost, spread
from operators.llm.compact import changes, compact, outline
from operators.tree.form import form_key

_POOL = 200
"""Lines that a listing has at most; a prompt may hold fewer."""
_LONGEST = 120
"""Characters of a formula; a longer one is told by its change or as an outline."""
_ALONE = 8
"""The best, which never stand for each other."""
_BEST_TOLD, _LOWEST_TOLD = 6, 3
"""Lines of the best and the lowest that tell the margin on each network."""
_FALLEN = 3
"""Lines for duplicates, and for what was refused or failed."""
_FALLEN_STATUS = (Status.DUPLICATE, Status.INVALID, Status.FAILED)
_LATEST = 200
"""Latest of those that are looked at."""
_BEHIND = 4
"""Older generations that may still be asked about, since proposals are made ahead."""


class _Trained(NamedTuple):
    """A proposal that trained; the smallest is the best.

    Attributes:
        rung: negative index of the highest that it reached.
        is_cut: whether its training ended early there.
        margin: negative.
        form: digest of its form, which components that differ in numbers share.
        losses: by which margins are told by network.
    """

    rung: int
    is_cut: bool
    margin: float
    id: str
    form: bytes
    record: Record
    losses: Losses | None


@dataclass(frozen=True, slots=True)
class _Family:
    """Components of one form: the best of them, how many more, and the lowest."""

    best: Record
    losses: Losses | None
    more: int
    lowest: Record


class Proposals:
    """All proposals in the order of history; fed by sealed generations."""

    def __init__(self) -> None:
        self._ranked: list[_Trained] = []
        self._fallen: list[Record] = []
        self._counts: dict[int, Counter[str]] = {}

    def take(self, generation: int, proposals: Iterable[tuple[Record, Losses | None]]) -> None:
        """Add the proposals of a generation, which need neither graphs nor trials."""
        counts = Counter(self._counts_of(generation))
        for record, losses in proposals:
            if not record.is_proposal:
                continue
            counts[record.status.lower()] += 1
            if record.score is not None:
                insort(self._ranked, _trained(record, losses), key=itemgetter(slice(4)))
            elif record.status in _FALLEN_STATUS and record.stage not in NOTHING_READ:
                self._fallen.append(record)
        self._counts[generation] = counts
        self._counts.pop(generation - _BEHIND, None)

    def listing(
        self,
        generation: int,
        *,
        last_rung: int,
        most: int,
        readable: Callable[[Record], Record],
        name: Callable[[str], str],
        margins: Callable[[str, Losses], Sequence[tuple[str, float]]],
    ) -> Listing:
        """The list of all that was tried up to a generation.

        Args:
            generation: the last that may be known.
            last_rung: index of the highest rung.
            most: characters that it should need at most.
            readable: gives a record whose reason names components as prompts do.
            name: of a component in prompts, by its id.
            margins: by network, of a component with these losses; told of the best and the lowest.
        """
        # A copy: proposals are asked for while a later generation is sealed.
        trained = [one for one in list(self._ranked) if one.record.generation <= generation]
        fallen = _listed_fallen(self._fallen[-_LATEST:], generation, readable, name)
        room = most - sum(cost(line) for line in fallen)
        # The lowest give up their lines first, and the best keep theirs.
        fewest = min(_ALONE, len(trained))
        once = cache(margins)
        alone = len(trained) if len(trained) <= _POOL else fewest
        while True:
            families, forms = _families(trained, alone)
            lines = _lines(families, generation, last_rung, name, once)
            if alone <= fewest or sum(cost(line) for line in lines) <= room:
                return Listing(lines, fallen, self._counts_of(generation), forms)
            alone -= 1

    def _counts_of(self, generation: int) -> dict[str, int]:
        known = [number for number in list(self._counts) if number <= generation]
        return dict(self._counts[max(known)]) if known else {}


def _trained(record: Record, losses: Losses | None) -> _Trained:
    score = record.scored
    form, _ = form_key(normalise(record.candidate.source))
    # Stands for the text of a form, of which a long history has too many to keep.
    digest = sha256(form.encode(errors="surrogatepass")).digest()[:12]
    is_cut = not score.end.is_whole
    return _Trained(-score.rung, is_cut, -score.margin.value, record.id, digest, record, losses)


def _families(ranked: Sequence[_Trained], alone: int) -> tuple[list[_Family], int]:
    """The first few alone, each of the others where the best of its form stands, and their number.

    Margins of one line are over like trainings. Of more than a listing has, some are left out.
    """
    heads: list[_Trained] = []
    lows: list[Record] = []
    members: list[int] = []
    places: dict[tuple[bytes, int, bool], int] = {}
    for index, one in enumerate(ranked):
        place = places.setdefault((one.form, one.rung, one.is_cut), len(heads))
        if index < alone or place == len(heads):
            heads.append(one)
            lows.append(one.record)
            members.append(1)
        else:
            if one.record.scored.margin.value < lows[place].scored.margin.value:
                lows[place] = one.record
            members[place] += 1
    kept = spread(range(len(heads)), _POOL)
    families = [_Family(heads[i].record, heads[i].losses, members[i] - 1, lows[i]) for i in kept]
    return families, len(heads)


def _lines(
    families: Sequence[_Family],
    generation: int,
    last_rung: int,
    name: Callable[[str], str],
    margins: Callable[[str, Losses], Sequence[tuple[str, float]]],
) -> list[Listed]:
    def by_network(place: int, family: _Family) -> Sequence[tuple[str, float]]:
        is_told = place < _BEST_TOLD or place >= len(families) - _LOWEST_TOLD
        return margins(family.best.id, family.losses) if is_told and family.losses else ()

    formulas = {f.best.id: compact(f.best.candidate.source) for f in families}
    return [
        Listed(
            name(family.best.id),
            _told(family.best, formulas, name),
            family.best.scored.margin,
            is_whole=family.best.scored.rung >= last_rung and family.best.scored.end.is_whole,
            is_new=family.best.generation == generation,
            is_remeasured=family.best.scored.end is TrainingEnd.REMEASURED,
            alike=family.more,
            lowest=family.lowest.scored.margin.value if family.more else 0.0,
            step=_step(formulas[family.best.id], family.lowest) if family.more else "",
            networks=by_network(place, family),
        )
        for place, family in enumerate(families)
    ]


def _step(formula: str, lowest: Record) -> str:
    """The numbers of the lowest of a form beside the best's; empty where that is long."""
    if len(formula) > _LONGEST:
        return ""
    step = changes(formula, compact(lowest.candidate.source))
    return step if len(step) <= LONGEST_STEP else ""


def _told(record: Record, formulas: dict[str, str], name: Callable[[str], str]) -> str:
    """A formula, where it is long its change from a listed parent, else its outline."""
    formula = formulas[record.id]
    if len(formula) <= _LONGEST:
        return formula
    for parent in record.candidate.parents:
        change = changes(formulas[parent], formula) if parent in formulas else ""
        if change and len(change) < _LONGEST - 20:
            return f"{name(parent)} with {change}"
    return outline(record.candidate.source, _LONGEST)


def _listed_fallen(
    records: Sequence[Record],
    generation: int,
    readable: Callable[[Record], Record],
    name: Callable[[str], str],
) -> list[Listed]:
    """The last duplicates, and the last that were refused or failed, one per reason."""
    kept: dict[tuple[str, str], Record] = {}
    left = {True: _FALLEN, False: _FALLEN}
    for record in reversed(records):
        key, is_duplicate = (record.status, record.explanation), record.status is Status.DUPLICATE
        if record.generation <= generation and key not in kept and left[is_duplicate]:
            kept[key] = record
            left[is_duplicate] -= 1
    return [
        Listed(
            name(record.id),
            outline(record.candidate.source, _LONGEST // 2),
            fate=record.status.lower(),
            reason=readable(record).explanation,
            is_new=record.generation == generation,
        )
        for record in kept.values()
    ]
