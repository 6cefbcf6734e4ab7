"""A component as a callable graph of allowed tensor operators; the form that is trained.

A graph computes the values and gradients of the source it was traced from, on any device and under
`torch.func.vmap`. It contains nothing of the candidate's Python.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from evo.core.informed import Counted
from evo.validation.graph.allowed import (
    ALLOWED,
    FACTORING,
    MULTIPLYING,
    PAIRWISE,
    SLIDING,
    base_name,
)
from evo.validation.graph.arguments import GraphError, first_line
from evo.validation.graph.document import Document, read_document
from evo.validation.graph.shape_cache import SHARED, ShapeCache
from evo.validation.graph.sizes import Formula, ShapeOf, ShapeSlice, Size
from evo.validation.graph.step import GraphStep

# A few operators run copy by copy under vmap, and torch warns at each use.
warnings.filterwarnings("ignore", message="There is a performance drop", category=UserWarning)

__all__ = ["ALLOWED", "MAX_ELEMENTS", "BudgetError", "Graph", "GraphError", "TensorSpec"]

MAX_ELEMENTS = 50_000_000
"""Default budget: elements of all values together, and multiplications of matrix products."""
PRODUCTS_PER_ELEMENT = 16
"""Multiplications of a matrix product that count as one element; they take a hundredth each."""


class BudgetError(GraphError):
    """A graph costs more than its budget.

    Attributes:
        operator: full name of the one that costs most.
    """

    def __init__(self, message: str, operator: str) -> None:
        super().__init__(message)
        self.operator = operator


class TensorSpec(NamedTuple):
    """Shape and dtype of an output."""

    shape: tuple[int, ...]
    dtype: torch.dtype


class Graph(Counted):
    """A component that is safe to call. Create it with `Graph.parse`.

    `len(graph)` is its number of operators; graphs with the same text are equal.

    Attributes:
        text: its canonical JSON form; `Graph.parse(graph.text).text == graph.text`.
        inputs: number of tensors that it takes.
    """

    def __init__(self, document: Document) -> None:
        self.text = document.text
        self.inputs = document.inputs
        self._cases = (document, *document.others)
        self._nodes = {
            (place, torch.device("cpu")): case.nodes for place, case in enumerate(self._cases)
        }

    def reads(self) -> frozenset[int]:
        """Indices of the inputs on which its output may depend, by their values or sizes."""
        values = {index for case in self._cases for index in (case.output, *_sources(case))}
        return frozenset(index for index in values if index < self.inputs)

    @classmethod
    def parse(
        cls, text: str, *, instead: Mapping[str, Callable[..., Any]] | None = None
    ) -> "Graph":
        """Parse a graph's text, which may come from an untrusted source.

        Args:
            text: see `evo.validation.graph.document`.
            instead: replacement functions by full operator name.

        Raises:
            GraphError: the text is no graph, is too large, or names an operator that is not
                allowed.
        """
        document = read_document(text)
        if not instead:
            return cls(document)
        first, *others = (
            case._replace(
                steps=tuple(
                    step._replace(operator=instead.get(step.name, step.operator))
                    for step in case.steps
                )
            )
            for case in (document, *document.others)
        )
        return cls(first._replace(others=tuple(others)))

    @property
    def texts(self) -> tuple[str, ...]:
        """Its text alone, as `Graphs` has those of several."""
        return (self.text,)

    def __len__(self) -> int:
        return sum(len(case.steps) for case in self._cases)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Compute the output on the device of the first input.

        Raises:
            TypeError: the number of inputs is wrong.
            RuntimeError: from torch, where shapes do not fit. `check_budget` finds out before.
        """
        if len(inputs) != self.inputs:
            raise TypeError(f"expected {self.inputs} tensors, got {len(inputs)}")
        place = self._case_at(lambda index: inputs[index].shape)
        case = self._cases[place]
        values: list[Any] = [*inputs, *self._nodes_on(inputs[0].device, place)]
        for step in case.steps:
            values[step.number] = step.run(values)
        return values[case.output]

    def check_budget(
        self,
        shapes: Sequence[tuple[int, ...]],
        *,
        dtype: torch.dtype = torch.float32,
        elements: int = MAX_ELEMENTS,
        cache: ShapeCache = SHARED,
    ) -> TensorSpec:
        """Check the cost at these input shapes, without memory or arithmetic.

        Args:
            shapes: one shape per input.
            dtype: of all inputs.
            elements: budget, see `MAX_ELEMENTS`.
            cache: of the operators' output shapes.

        Returns:
            Shape and dtype of the output.

        Raises:
            GraphError: the shapes do not fit.
            BudgetError: the values would hold more than `elements`.
        """
        if len(shapes) != self.inputs:
            raise GraphError(f"expected {len(shapes)} inputs, the graph takes {self.inputs}")
        meta = torch.device("meta")
        values: list[Any] = [torch.empty(shape, dtype=dtype, device=meta) for shape in shapes]
        try:
            place = self._case_at(lambda index: shapes[index])
        except (RuntimeError, ValueError) as error:
            raise GraphError(str(error)) from error
        case = self._cases[place]
        values += self._nodes_on(meta, place)
        costs: list[tuple[int, GraphStep]] = []
        spent = 0
        for step in case.steps:
            try:
                values[step.number] = cache.run(step, values)
                costs.append((_cost(step, values), step))
            except Exception as error:  # shape rules are Python and raise anything
                raise GraphError(f"{step.name} fails: {first_line(error)}") from error
            spent += costs[-1][0]
            if spent > elements:
                raise _over_budget(costs, values, elements, shapes)
        output = values[case.output]
        return TensorSpec(tuple(output.shape), output.dtype)

    def _case_at(self, shape_of: ShapeOf) -> int:
        """Index of the case that holds at these shapes."""
        if len(self._cases) == 1:
            return 0
        for place, case in enumerate(self._cases):
            if all(bool(formula.of(shape_of)) is outcome for formula, outcome in case.when):
                return place
        raise RuntimeError("the graph has no case for inputs of these sizes")

    def _nodes_on(self, device: torch.device, place: int) -> tuple[torch.Tensor | None, ...]:
        if (place, device) not in self._nodes:
            self._nodes[place, device] = tuple(
                None if constant is None else constant.to(device)
                for constant in self._cases[place].nodes
            )
        return self._nodes[place, device]


def _sources(case: Document) -> Iterator[int]:
    """Indices of the values that the steps of a case use, and of inputs whose sizes it looks at."""
    for formula, _ in case.when:
        yield from formula.inputs()
    for step in case.steps:
        yield from (source for _, source in step.single)
        yield from (one for _, sources in step.several for one in sources if one is not None)
        for position in step.sized:
            yield from _sized(step.arguments[position])
        for name in step.sized_keywords:
            yield from _sized(step.keywords[name])


def _sized(argument: Any) -> Iterator[int]:
    if isinstance(argument, Size | Formula | ShapeSlice):
        yield from argument.inputs()
    elif isinstance(argument, list):
        for item in argument:
            yield from _sized(item)


def _over_budget(
    costs: Sequence[tuple[int, GraphStep]],
    values: Sequence[Any],
    elements: int,
    shapes: Sequence[tuple[int, ...]],
) -> BudgetError:
    """The error of a graph over its budget: its cost, its costliest step, and the remedy."""
    spent = sum(cost for cost, _ in costs)
    cost, step = max(costs, key=lambda one: one[0])
    output = values[step.number]
    shape = tuple(output.shape) if isinstance(output, torch.Tensor) else "several"
    at = ", ".join(str(one) for one in dict.fromkeys(map(tuple, shapes)) if one)
    return BudgetError(
        f"the operators cost {spent:,} elements on inputs of shape {at}, most of them, {cost:,}, "
        f"{step.name} of shape {shape}; expected at most {elements:,}, where "
        f"{PRODUCTS_PER_ELEMENT} multiplications of a matrix product count as one: in place of "
        "tables of d × d numbers per row use a matrix product, torch.cdist, torch.sort, "
        "torch.cumsum, torch.fft or fewer columns",
        step.name,
    )


def _cost(step: GraphStep, values: Sequence[Any]) -> int:
    """Elements that a step produces, and what it computes for each of them."""
    if step.operator is None:
        return 0
    output = values[step.number]
    tensors = [output] if isinstance(output, torch.Tensor) else output
    count = sum(tensor.numel() for tensor in tensors)
    factors = [values[source] for _, source in step.single]
    name = base_name(step.name)
    if name in FACTORING and _factors(step):
        matrices = [factor.shape for factor in factors if factor.dim() > 1]
        count += sum(math.prod(shape) * min(shape[-2:]) for shape in matrices)
    if name in MULTIPLYING:
        # Of `a @ b` that is a's last, also in `c + a @ b` and in `linear` with a bias.
        count += count * math.prod(factors[-2].shape[-1:]) // PRODUCTS_PER_ELEMENT
    if name == "cdist":
        count *= math.prod(factors[0].shape[-1:])
    if name in PAIRWISE:
        count = max(count, math.prod(torch.broadcast_shapes(*(one.shape for one in factors[:2]))))
    if name == "index_put":
        count += _picked(step, values)
    if name in SLIDING:
        kernel = factors[1].shape[1:] if name.startswith("conv") else step.arguments[1]
        count *= math.prod(kernel)
    return count


def _picked(step: GraphStep, values: Sequence[Any]) -> int:
    """Places that the indices of a step name together, each of which it writes."""
    ((_, sources),) = step.several
    shape = values[step.single[0][1]].shape
    indices = [None if source is None else values[source].shape for source in sources]
    named = torch.broadcast_shapes(*(index for index in indices if index is not None))
    whole = [size for size, index in zip(shape, indices, strict=False) if index is None]
    return math.prod((*named, *whole, *shape[len(indices) :]))


def _factors(step: GraphStep) -> bool:
    """True if a norm is one of singular values; the Euclidean and the largest entry's are not."""
    if base_name(step.name) != "linalg_norm":
        return base_name(step.name) != "linalg_matrix_norm" or step.arguments[1:2] != ("fro",)
    order = step.arguments[1] if len(step.arguments) > 1 else None
    dim = step.arguments[2] if len(step.arguments) > 2 else None
    return order not in (None, "fro") and (dim is None or len(dim) > 1)
