"""Component kinds: their base class, and the registry.

A kind says what its source must define, how a traced component is checked and described, and
which known components it competes with. It sees components only as callables over a trusted
graph; it must never import or execute a candidate's source.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from evo.core.contract import Contract
from evo.core.learnables import Component
from evo.core.records import BASELINE_OPERATOR, Candidate, Vector
from evo.networks.parts import Parts

_USUAL = ((-3.0, 3.0),)
_OF_A_CALL = ("argument", "column")
"""Shapes of optional inputs that are made for each call, so that it may write into them."""

UNMEASURED = "no panel has measured how far the cheap protocol ranks them as full training does"
"""The doubt about kinds that no panel judges."""


class ContractError(Exception):
    """A component breaks its kind's contract; the message says what was expected and what came."""


class Kind(ABC):
    """A sort of component. Subclass, set `contract` and `trace_shapes`, and register.

    Attributes:
        contract: what the source must define.
        trace_shapes: argument shapes to trace with, one tuple of shapes a trace, without those of
            optional inputs. The graphs must agree, or the component has a batch size baked in.
        ranges: for each argument the numbers that it is traced with, from and to; those of an
            argument that is never below 0 ask for no gradients, and rows of a matrix of [0, 1] are
            one-hot. None for [-3, 3] everywhere.
        kept: arguments that live on after the call, besides what is learned: a write into one would
            be lost, and is refused. What a source writes into another argument is its own affair.
        wide_shapes: further ones for components that look at a size, so that none is frozen: what
            the component computes from it must be one formula at all of them. The least sizes among
            all are those from which on components are looked at, see
            `evo.validation.graph.coverage`.
        large_shapes: the same for inputs as large as training may bring. Nothing is computed at
            them; they show a cost that grows faster than the input does.
        is_mapped: whether training calls the component under `torch.func.vmap`, once for all
            copies, rather than on tensors that hold the copies.
        needs_classes: whether it can be trained on tasks of classification alone.
        needs_gates: whether networks must give its component a gate and a value, see
            `Network.gated`.
        needs_attention: whether networks must have attention to put its component in.
        learning_rates: those to pick from where the configuration names none; None for the
            protocol's own.
        strengths: what its penalty is multiplied by, likewise; None for a kind without a penalty.
        standard: name of the neutral baseline; None for a kind that
            cannot be combined with others.
        baselines_folder: folder of `*.py` files, one known component each.
        compared: what `behaviour` compares, in words for prompts.
        doubt: why a win of the cheap protocol says little here, for a warning; empty where it was
            measured that it says more.
    """

    contract: ClassVar[Contract]
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]]
    ranges: ClassVar[tuple[tuple[float, float], ...] | None] = None
    kept: ClassVar[tuple[str, ...]] = ()
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = ()
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]]
    is_mapped: ClassVar[bool] = False
    needs_classes: ClassVar[bool] = False
    needs_gates: ClassVar[bool] = False
    needs_attention: ClassVar[bool] = False
    learning_rates: ClassVar[tuple[float, ...] | None] = None
    strengths: ClassVar[tuple[float, ...] | None] = None
    standard: ClassVar[str | None] = None
    baselines_folder: ClassVar[Path]
    compared: ClassVar[str] = "outputs on fixed inputs"
    doubt: ClassVar[str] = ""

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.contract.kind

    @property
    def members(self) -> "Sequence[Kind]":
        """The kinds that are evolved together: this one alone, unless it combines several."""
        return (self,)

    def kept_places(self, contract: Contract) -> tuple[int, ...]:
        """Indices of the arguments that a source of this contract must not write into."""
        lasting = [one.name for one in contract.taken if one.shape not in _OF_A_CALL]
        names = {*self.kept, *(one.name for one in contract.learnables), *lasting}
        return tuple(place for place, one in enumerate(contract.parameters) if one in names)

    def ranges_of(self, contract: Contract) -> tuple[tuple[float, float], ...] | None:
        """The numbers of each argument of this contract, see `ranges`."""
        if not contract.taken:
            return self.ranges
        required = self.ranges or _USUAL * (len(contract.parameters) - len(contract.taken))
        return (*required, *((one.low, one.high) for one in contract.taken))

    def sources(self, source: str) -> list[str]:
        """The source of each member's component."""
        return [source]

    @abstractmethod
    def check(self, component: Component) -> None:
        """Run the component on probes.

        Raises:
            ContractError: it breaks the contract.
        """

    @abstractmethod
    def parts(self, component: Component) -> Parts:
        """The parts of a network or training that the component replaces."""

    @abstractmethod
    def behaviour(self, component: Component) -> Vector:
        """The component's raw outputs on the kind's fixed probe: (p,)."""

    def slopes(self, component: Component) -> Vector | None:  # noqa: ARG002 - for kinds that do
        """The gradients that training takes at the probe of `behaviour`: (p,).

        None where outputs on the probe say all: the kind is never differentiated, or its
        behaviour consists of gradients.
        """
        return None

    def reach(self, component: Component) -> float | None:  # noqa: ARG002 - for kinds that have one
        """The largest number tried up to which outputs and gradients stay finite.

        None for kinds without such a range.
        """
        return None

    def facts(self, component: Component) -> dict[str, float]:  # noqa: ARG002 - for kinds that have some
        """Simple numbers that describe the component, by what they are, such as "slope at 0"."""
        return {}

    def abscissae(self) -> Vector | None:
        """The inputs of `behaviour`, ascending, where it is a curve of one variable: (p,).

        None where it is no curve: pictures then show the vector as it is.
        """
        return None

    def baselines(self) -> dict[str, Candidate]:
        """The known components by name, in alphabetical order."""
        return self._known_in(self.baselines_folder)

    def further_baselines(self) -> dict[str, Candidate]:
        """Known components that a campaign may name as baselines, beside those that all have."""
        return self._known_in(self.baselines_folder.parent / "further" / self.baselines_folder.name)

    def _known_in(self, folder: Path) -> dict[str, Candidate]:
        return {
            path.stem: Candidate.of(
                self.name, path.read_text(encoding="utf-8-sig"), operator=BASELINE_OPERATOR
            )
            for path in sorted(folder.glob("[!.]*.py"))
        }
