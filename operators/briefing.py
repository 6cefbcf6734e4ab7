"""The facts that a prompt is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evo.core.contract import Contract
from evo.core.records import Record


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
    """

    contract: Contract
    baselines: Mapping[str, Record]
    parents: Sequence[Record]
    neighbours: Sequence[Record] = ()
    failures: Sequence[Record] = ()
    partners: Mapping[str, str] = field(default_factory=dict[str, str])
    hints: Sequence[str] = ()
