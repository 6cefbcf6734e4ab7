"""Several kinds together: components that are written, trained and judged as one.

A source of the combination `activation+regularizer` defines both functions. Each component keeps
the contract of its own kind, and a network takes in all of them at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property, lru_cache, partial
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch

from evo.components.base import Kind
from evo.components.joining import component_in, join_sources
from evo.core.contract import SEPARATOR, Contract
from evo.core.errors import UsageError
from evo.core.learnables import Component
from evo.core.records import BASELINE_OPERATOR, Candidate, Vector
from evo.networks.parts import Parts


class Combination(Kind):
    """Components of several kinds in one source. Make one with `combined`.

    As a component it is called with the index of a member in `members` before the arguments.

    Attributes:
        kinds: the combined kinds, in the order of their names.
    """

    kinds: ClassVar[tuple[type[Kind], ...]]

    @property
    def members(self) -> tuple[Kind, ...]:
        """One instance per combined kind."""
        return self._members

    @cached_property
    def _members(self) -> tuple[Kind, ...]:
        return tuple(kind() for kind in self.kinds)

    def sources(self, source: str) -> list[str]:
        """The source of each member's component, in the lines where it stands."""
        return [component_in(source, member.contract.function) for member in self.members]

    def check(self, component: Component) -> None:
        """Check each component by its own kind."""
        for member, part in zip(self.members, self._components(component), strict=True):
            member.check(part)

    def parts(self, component: Component) -> Parts:
        """The network parts and training settings that the members set."""
        changed: dict[str, Any] = {}
        for member, part in zip(self.members, self._components(component), strict=True):
            changed |= _set_by(member.parts(part))
        return Parts(**changed)

    def behaviour(self, component: Component) -> Vector:
        """The behaviours of all members, one after another."""
        pairs = zip(self.members, self._components(component), strict=True)
        return np.concatenate([member.behaviour(part) for member, part in pairs])

    def slopes(self, component: Component) -> Vector:
        """The gradients of all members, one after another; zeros for those that have none."""
        pairs = zip(self.members, self._components(component), strict=True)
        return np.concatenate([_slopes(member, part) for member, part in pairs])

    def reach(self, component: Component) -> float | None:
        """The smallest range of its members."""
        pairs = zip(self.members, self._components(component), strict=True)
        reaches = [member.reach(part) for member, part in pairs]
        return min((reach for reach in reaches if reach is not None), default=None)

    def baselines(self) -> dict[str, Candidate]:
        """Every known component of each member, with the standard components of the others."""
        baselines: dict[str, Candidate] = {}
        for member in self.members:
            known = member.baselines()
            for name, label in self.baseline_labels(member).items():
                source = self.join({**self._standard_sources, member.name: known[name].source})
                baselines[label] = Candidate.of(self.name, source, operator=BASELINE_OPERATOR)
        return dict(sorted(baselines.items()))

    def further_baselines(self) -> dict[str, Candidate]:
        """None: a combination's are given as files that define all functions."""
        return {}

    def baseline_labels(self, member: Kind) -> dict[str, str]:
        """The baseline's name that has a known component of the member, by the component's name."""
        return {
            name: " + ".join(
                name if other is member else self.standards[other.name] for other in self.members
            )
            for name in member.baselines()
        }

    @property
    def standards(self) -> dict[str, str]:
        """Name of each member's neutral baseline, by the member's name."""
        return {member.name: str(member.standard) for member in self.members}

    def join(self, sources: Mapping[str, str]) -> str:
        """Join the sources of all members, given by name, into one.

        Raises:
            SyntaxError: one of them is no Python.
        """
        functions = [member.contract.function for member in self.members]
        return join_sources([sources[member.name] for member in self.members], functions)

    def split(self, source: str) -> dict[str, str]:
        """Split a source into that of each member's component, by the member's name.

        Raises:
            SyntaxError: it is no Python.
        """
        return {
            member.name: join_sources([part], [member.contract.function])
            for member, part in zip(self.members, self.sources(source), strict=True)
        }

    def ablated(self, source: str) -> dict[str, str]:
        """The source with a member's component replaced by its standard one, by its name."""
        parts = self.split(source)
        return {
            member.name: self.join({**parts, member.name: self._standard_sources[member.name]})
            for member in self.members
        }

    def _components(self, component: Component) -> list[Component]:
        if isinstance(component, _Several):
            return [*component.members]  # graphs, which know their inputs
        return [partial(component, index) for index in range(len(self.members))]

    @cached_property
    def _standard_sources(self) -> dict[str, str]:
        return {
            member.name: member.baselines()[self.standards[member.name]].source
            for member in self.members
        }


@runtime_checkable
class _Several(Protocol):
    """The component of a combination, of which each member's is at hand."""

    members: Sequence[Component]


def _slopes(member: Kind, component: Component) -> Vector:
    slopes = member.slopes(component)
    return np.zeros_like(member.behaviour(component)) if slopes is None else slopes


@lru_cache
def combined(kinds: tuple[type[Kind], ...]) -> type[Combination]:
    """The combination of kinds, which come in the order of their names.

    Raises:
        UsageError: a kind is named twice, two kinds set the same part of a training, or one names
            no neutral baseline (`standard`).
    """
    names = [kind.contract.kind for kind in kinds]
    title = SEPARATOR.join(names)
    if len(set(names)) < len(names):
        raise UsageError(f"Kind {title!r}: expected each kind once.")
    setters: dict[str, str] = {}
    for kind in kinds:
        name = kind.contract.kind
        if kind.standard is None:
            raise UsageError(
                f"Kind {title!r}: {name!r} cannot be combined, since it does not say which of its "
                "known components stands for doing nothing (`standard`)."
            )
        for part in _set_by(kind().parts(_any)):
            if (other := setters.setdefault(part, name)) != name:
                raise UsageError(
                    f"Kind {title!r}: {other!r} and {name!r} both set the {part} of a training; "
                    "combine kinds that take different places."
                )
    contracts, members = [kind.contract for kind in kinds], kinds

    class Combined(Combination):
        kinds = members
        contract = Contract(
            kind=title,
            function=" and ".join(contract.function for contract in contracts),
            arguments=(),
            imports=(),
            vocabulary=(),
            description=" ".join(contract.description for contract in contracts),
        )
        needs_classes = any(kind.needs_classes for kind in members)
        needs_gates = any(kind.needs_gates for kind in members)
        needs_attention = any(kind.needs_attention for kind in members)
        learning_rates = _longest([kind.learning_rates for kind in members])
        strengths = _longest([kind.strengths for kind in members])

    Combined.__doc__ = f"{' and '.join(names)} together."
    return Combined


def _set_by(parts: Parts) -> dict[str, Any]:
    """The fields of the parts that differ from their defaults."""
    plain = Parts()
    return {
        field.name: value
        for field in fields(parts)
        if (value := getattr(parts, field.name)) != getattr(plain, field.name)
    }


def _longest(grids: Sequence[tuple[float, ...] | None]) -> tuple[float, ...] | None:
    """The grid with the most values, the first of equals; None without any."""
    return max((grid for grid in grids if grid), key=len, default=None)


def _any(*inputs: torch.Tensor) -> torch.Tensor:
    """A placeholder for a component that is not called."""
    return inputs[0]
