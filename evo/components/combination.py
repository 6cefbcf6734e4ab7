"""Several kinds together: components that are written, trained and judged as one.

A source of the combination `activation+regularizer` defines both functions. Each component keeps
the contract of its own kind, and a network takes in all of them at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property, lru_cache, partial
from typing import Any, ClassVar

import numpy as np
import torch

from evo.components.base import SEPARATOR, Kind
from evo.components.joining import component_in, join_sources
from evo.core.contract import Contract
from evo.core.errors import UsageError
from evo.core.records import BASELINE_OPERATOR, Candidate, Vector
from evo.networks.learnables import Component
from evo.networks.parts import Parts


class Combination(Kind):
    """Components of several kinds in one source. Make one with `combined`.

    As a component it is called with the place of a member in `members` before the arguments.

    Attributes:
        sorts: the kinds, in the order of their names.
    """

    sorts: ClassVar[tuple[type[Kind], ...]]

    @property
    def members(self) -> tuple[Kind, ...]:
        """The kinds."""
        return self._members

    @cached_property
    def _members(self) -> tuple[Kind, ...]:
        return tuple(sort() for sort in self.sorts)

    def components(self, component: Component) -> list[Component]:
        """That of each member."""
        return [partial(component, place) for place in range(len(self.members))]

    def sources(self, source: str) -> list[str]:
        """That of each member, in the lines where it stands."""
        return [component_in(source, member.contract.function) for member in self.members]

    def check(self, component: Component) -> None:
        """Each by its own kind."""
        for member, own in zip(self.members, self.components(component), strict=True):
            member.check(own)

    def parts(self, component: Component) -> Parts:
        """What each member sets."""
        found: dict[str, Any] = {}
        for member, own in zip(self.members, self.components(component), strict=True):
            found |= _set_by(member.parts(own))
        return Parts(**found)

    def behaviour(self, component: Component) -> Vector:
        """The behaviours of all members, one after another."""
        each = zip(self.members, self.components(component), strict=True)
        return np.concatenate([member.behaviour(own) for member, own in each])

    def baselines(self) -> dict[str, Candidate]:
        """Every known component of each member, beside the standard ones of the others."""
        found: dict[str, Candidate] = {}
        for member in self.members:
            known = member.baselines()
            for name, label in self.beside_standards(member).items():
                source = self.whole({**self._standard_sources, member.name: known[name].source})
                found[label] = Candidate.of(self.name, source, operator=BASELINE_OPERATOR)
        return dict(sorted(found.items()))

    def beside_standards(self, member: Kind) -> dict[str, str]:
        """Name of the baseline with a member's known component in it, by the name of that."""
        return {
            name: " + ".join(
                name if each is member else self.standards[each.name] for each in self.members
            )
            for name in member.baselines()
        }

    @property
    def standards(self) -> dict[str, str]:
        """Name of the known component of each member that stands for doing nothing special."""
        return {member.name: str(member.standard) for member in self.members}

    def whole(self, sources: Mapping[str, str]) -> str:
        """One source of one for each member, by its name.

        Raises:
            SyntaxError: one of them is no Python.
        """
        functions = [member.contract.function for member in self.members]
        return join_sources([sources[member.name] for member in self.members], functions)

    def apart(self, source: str) -> dict[str, str]:
        """The source of each member's component alone, by the member's name.

        Raises:
            SyntaxError: it is no Python.
        """
        return {
            member.name: join_sources([own], [member.contract.function])
            for member, own in zip(self.members, self.sources(source), strict=True)
        }

    def ablated(self, source: str) -> dict[str, str]:
        """The source with the standard component in place of a member's, by its name."""
        own = self.apart(source)
        return {
            member.name: self.whole({**own, member.name: self._standard_sources[member.name]})
            for member in self.members
        }

    @cached_property
    def _standard_sources(self) -> dict[str, str]:
        return {
            member.name: member.baselines()[self.standards[member.name]].source
            for member in self.members
        }


@lru_cache
def combined(sorts: tuple[type[Kind], ...]) -> type[Combination]:
    """The combination of kinds, which come in the order of their names.

    Raises:
        UsageError: it names one twice, two set the same part of a training, or one says not what
            stands for doing nothing.
    """
    names = [sort.contract.kind for sort in sorts]
    title = SEPARATOR.join(names)
    if len(set(names)) < len(names):
        raise UsageError(f"Kind {title!r}: expected each kind once.")
    setters: dict[str, str] = {}
    for sort in sorts:
        name = sort.contract.kind
        if sort.standard is None:
            raise UsageError(
                f"Kind {title!r}: {name!r} cannot be combined, since it does not say which of its "
                "known components stands for doing nothing (`standard`)."
            )
        for part in _set_by(sort().parts(_any)):
            if (other := setters.setdefault(part, name)) != name:
                raise UsageError(
                    f"Kind {title!r}: {other!r} and {name!r} both set the {part} of a training; "
                    "combine kinds that take different places."
                )
    contracts, members = [sort.contract for sort in sorts], sorts

    class Combined(Combination):
        sorts = members
        contract = Contract(
            kind=title,
            function=" and ".join(contract.function for contract in contracts),
            arguments=(),
            imports=(),
            vocabulary=(),
            description=" ".join(contract.description for contract in contracts),
        )
        needs_classes = any(sort.needs_classes for sort in members)
        learning_rates = _longest([sort.learning_rates for sort in members])
        strengths = _longest([sort.strengths for sort in members])

    Combined.__doc__ = f"{' and '.join(names)} together."
    return Combined


def _set_by(parts: Parts) -> dict[str, Any]:
    """The parts that are not as they are by default."""
    plain = Parts()
    return {
        field.name: value
        for field in fields(parts)
        if (value := getattr(parts, field.name)) != getattr(plain, field.name)
    }


def _longest(grids: Sequence[tuple[float, ...] | None]) -> tuple[float, ...] | None:
    """The finest of the grids that there are; the first of equals."""
    return max((grid for grid in grids if grid), key=len, default=None)


def _any(*inputs: torch.Tensor) -> torch.Tensor:
    """Stands for a component where none is called."""
    return inputs[0]
