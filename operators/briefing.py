"""All that an asking operator may tell a language model, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evo.core.contract import Contract
from evo.core.records import Record


@dataclass(frozen=True)
class Briefing:
    """What one prompt is made from.

    Attributes:
        contract: what the reply must define.
        baselines: the known components by name, evaluated.
        parents: what the offspring descends from, evaluated; for a repair the refused candidate.
        neighbours: what it should keep away from, the nearest first.
        failures: recent candidates that fell out, with their reasons.
        beside: sources of the components that it is trained with, by kind, in a combination.
    """

    contract: Contract
    baselines: Mapping[str, Record]
    parents: Sequence[Record]
    neighbours: Sequence[Record] = ()
    failures: Sequence[Record] = ()
    beside: Mapping[str, str] = field(default_factory=dict[str, str])
