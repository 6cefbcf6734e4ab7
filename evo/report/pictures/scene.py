"""What the pictures of a campaign are drawn from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evo.core.records import Record, Vector
from evo.report.facts.analysis import Analysis
from evo.report.facts.credits import Credits

SHOWN = 40
"""Shapes of an operator; more would be a blot."""


@dataclass(frozen=True)
class Scene:
    """A campaign as pictures see it.

    Attributes:
        name: of the campaign.
        title: what it searched, in words.
        analysis: its front and what belongs to it.
        names: of the baselines, by id.
        abscissae: where behaviour is a curve, its inputs (p,); None where it is none.
        outputs: a component's raw outputs at those (p,); asked only where there are abscissae.
        samples: trained candidates by operator, at most `SHOWN` each, drawn evenly.
        totals: how many there are, by operator.
        lineage: the best candidate and its ancestors, oldest first.
        credits: of the components of those on the front or near it, by id, in a combination.
    """

    name: str
    title: str
    analysis: Analysis
    names: Mapping[str, str]
    abscissae: Vector | None
    outputs: Callable[[Record], Vector]
    samples: Mapping[str, Sequence[Record]]
    totals: Mapping[str, int]
    lineage: Sequence[Record]
    credits: Mapping[str, Credits] = field(default_factory=dict[str, Credits])

    def name_of(self, record: Record) -> str:
        """A baseline's name, or the beginning of a candidate's id."""
        return self.names.get(record.id, record.id[:6])


def sample(records: Iterable[Record]) -> tuple[dict[str, list[Record]], dict[str, int]]:
    """Trained candidates by operator, at most `SHOWN` each, and how many there are.

    Ids are hashes, so that the smallest are a random choice that never changes.
    """
    found: dict[str, list[Record]] = {}
    totals: dict[str, int] = {}
    for record in records:
        if record.is_baseline or record.novelty is None:
            continue
        operator = record.candidate.operator
        totals[operator] = totals.get(operator, 0) + 1
        own = found.setdefault(operator, [])
        own.append(record)
        if len(own) > 2 * SHOWN:  # now and then, not at every record
            own[:] = sorted(own, key=_by_id)[:SHOWN]
    return {name: sorted(own, key=_by_id)[:SHOWN] for name, own in found.items()}, totals


def best(records: Sequence[Record], count: int) -> list[Record]:
    """The best by BSOTA-WR, of equals by B-WR, then by novelty."""
    return sorted(
        records,
        key=lambda record: (
            -record.scored.bsota_wr.value,
            -record.scored.b_wr.value,
            -record.archived.behaviour,
            record.id,
        ),
    )[:count]


def _by_id(record: Record) -> str:
    return record.id
