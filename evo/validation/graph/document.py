"""Read the text of a graph strictly: bounded in size, allowed operators only.

    {"inputs": 1,
     "nodes": [["aten.sigmoid.default", [{"ref": 0}], {}],
               ["constant", "float32", [1], [0.5]],
               ["aten.max.dim", [{"ref": 1}, -1], {}],
               ["item", {"ref": 3}, 0]],
     "output": {"ref": 4}}

Values are numbered, inputs first, then nodes in order; a reference points backwards only. A graph
that is not the same at all sizes has `cases` in place of nodes and output: each has its own, and
under `when` the formulas of sizes that say where it holds. The text
comes from a process that ran hostile code. It never chooses what is imported, called or looked up
by `getattr`.
"""

import json
import math
from functools import cache
from typing import Any, NamedTuple

import torch
from torch._ops import OpOverload

from evo.validation.graph.allowed import ALLOWED, MAKING, OPERATOR_REMEDIES
from evo.validation.graph.arguments import (
    DTYPES,
    MAX_CONSTANT_ELEMENTS,
    GraphError,
    JsonValue,
    Reference,
    first_line,
    is_int64,
    read_call,
    read_float,
    schema_of,
    write_tensor,
)
from evo.validation.graph.safe import SAFE
from evo.validation.graph.sizes import MAX_CASES, Formula, ShapeSlice, Size, formula
from evo.validation.graph.step import GraphStep

MAX_GRAPH_BYTES = 200_000
MAX_INPUTS = 16
MAX_GRAPH_NODES = 500
_TOO_MANY_NODES = (
    f"the graph has more than {MAX_GRAPH_NODES} nodes, so that every step of a training would cost "
    f"too much: expected at most {MAX_GRAPH_NODES} nodes; make loops shorter, or work on whole "
    "tensors in place of a loop over their parts"
)
_MANY = 1000
"""Parts of a value that is a list of tensors; the budget finds out how many it has."""


class Document(NamedTuple):
    """A graph's text, read and checked, or one of its cases by sizes.

    Attributes:
        text: its canonical form.
        inputs: number of input tensors.
        nodes: initial values after the inputs: a constant, or None where a step fills its value in.
        steps: the operator calls in order.
        output: index of the value that is the output.
        when: formulas of sizes with the outcomes that they have where it is the case.
        others: the other cases; the text is that of all.
    """

    text: str
    inputs: int
    nodes: tuple[torch.Tensor | None, ...]
    steps: tuple[GraphStep, ...]
    output: int
    when: tuple[tuple[Formula, bool], ...] = ()
    others: "tuple[Document, ...]" = ()


def read_document(text: str) -> Document:
    """Read a graph's text and check it completely.

    Raises:
        GraphError: the text is no graph, is too large, or names an operator that is not allowed.
    """
    if len(text) > MAX_GRAPH_BYTES:
        raise GraphError(f"expected at most {MAX_GRAPH_BYTES:,} bytes, got {len(text):,}")
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise GraphError(f"expected JSON: {first_line(error)}") from error
    if not isinstance(document, dict) or document.keys() not in (
        {"inputs", "nodes", "output"},
        {"inputs", "cases"},
    ):
        raise GraphError("expected an object with inputs, nodes and output")
    inputs = document["inputs"]
    if not is_int64(inputs) or not 1 <= inputs <= MAX_INPUTS:
        raise GraphError(f"expected 1 to {MAX_INPUTS} inputs, got {str(inputs)[:20]}")
    if "nodes" in document:
        case, written = _read_case(
            inputs, {"when": [], "nodes": document["nodes"], "output": document["output"]}
        )
        del written["when"]
        return case._replace(text=_canonical({"inputs": inputs, **written}))
    cases = document["cases"]
    if not isinstance(cases, list) or not 1 < len(cases) <= MAX_CASES:
        raise GraphError(f"expected a list of 2 to {MAX_CASES} cases")
    read = [_read_case(inputs, case) for case in cases]
    if sum(len(case.nodes) for case, _ in read) > MAX_GRAPH_NODES:
        raise GraphError(_TOO_MANY_NODES)
    canonical = _canonical({"inputs": inputs, "cases": [written for _, written in read]})
    first, *others = (case._replace(text=canonical) for case, _ in read)
    return first._replace(others=tuple(others))


def _canonical(document: dict[str, JsonValue]) -> str:
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def _read_case(inputs: int, case: JsonValue) -> tuple[Document, dict[str, JsonValue]]:
    """One case and its canonical form."""
    if not isinstance(case, dict) or case.keys() != {"when", "nodes", "output"}:
        raise GraphError("expected a case to have when, nodes and output")
    nodes = case["nodes"]
    if not isinstance(nodes, list) or len(nodes) > MAX_GRAPH_NODES:
        raise GraphError(_TOO_MANY_NODES)
    when = _read_when(inputs, case["when"])
    reader = _Reader(inputs)
    for node in nodes:
        reader.read(node)
    output = reader.tensor(case["output"])
    written = {"when": case["when"], "nodes": reader.written, "output": {"ref": output}}
    document = Document("", inputs, tuple(reader.nodes), tuple(reader.steps), output, tuple(when))
    return document, written


def _read_when(inputs: int, when: JsonValue) -> list[tuple[Formula, bool]]:
    if not isinstance(when, list) or len(when) > MAX_CASES:
        raise GraphError(f"expected a list of at most {MAX_CASES} conditions")
    conditions: list[tuple[Formula, bool]] = []
    for condition in when:
        match condition:
            case [expression, bool(outcome)]:
                read = formula(expression)
            case _:
                read, outcome = None, False
        if read is None or not all(input_ < inputs for input_ in read.inputs()):
            raise GraphError("expected a condition to be a formula of sizes and its outcome")
        conditions.append((read, outcome))
    return conditions


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """An object without repeated keys, since readers differ in which of the two they take."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise GraphError("expected every key of an object once, got one twice")
    return members


class _Reader:
    """Read node after node; the state holds the values, steps and canonical nodes so far."""

    def __init__(self, inputs: int) -> None:
        self.written: list[JsonValue] = []
        self.nodes: list[torch.Tensor | None] = []
        self.steps: list[GraphStep] = []
        self._inputs = inputs
        self._parts = [1] * inputs
        """Number of tensors in each value."""
        self._elements_left = MAX_CONSTANT_ELEMENTS

    def read(self, node: JsonValue) -> None:
        if not isinstance(node, list) or not node or not isinstance(node[0], str):
            raise GraphError("expected a node to be a list that starts with a name")
        name, *rest = node
        if name == "constant" and len(rest) == 3:
            self._read_constant(*rest)
        elif name == "item" and len(rest) == 2:
            self._read_item(*rest)
        elif name in ALLOWED and len(rest) == 2:
            self._read_operator(name, *rest)
        else:
            remedy = f"; {OPERATOR_REMEDIES[name]}" if name in OPERATOR_REMEDIES else ""
            raise GraphError(f"operator {name[:60]!r} is not allowed here{remedy}")

    def tensor(self, reference: JsonValue) -> int:
        """Index of the value that a reference names; it must be a single tensor."""
        index = self._value(reference)
        if self._parts[index] != 1:
            raise GraphError(f"value {index} holds {self._parts[index]} tensors, expected one")
        return index

    def _value(self, reference: JsonValue) -> int:
        if not isinstance(reference, dict) or list(reference) != ["ref"]:
            raise GraphError(f"expected a reference, got {repr(reference)[:40]}")
        index = reference["ref"]
        if not is_int64(index) or not 0 <= index < len(self._parts):
            raise GraphError(f"reference {str(index)[:20]} points to no earlier value")
        return index

    def _read_operator(self, name: str, positional: JsonValue, keywords: JsonValue) -> None:
        operator = ALLOWED[name]
        call = read_call(operator, positional, keywords)
        single: list[tuple[int, int]] = []
        several: list[tuple[int, tuple[int | None, ...]]] = []
        sized: list[int] = []
        for position, argument in enumerate(call.positional):
            if isinstance(argument, Reference):
                single.append((position, self.tensor(positional[position])))
            elif isinstance(argument, list) and any(isinstance(a, Reference) for a in argument):
                places = [None if one is None else self.tensor(one) for one in positional[position]]
                several.append((position, tuple(places)))
            elif self._has_sizes(argument):
                sized.append(position)
        sized_keywords = [key for key, value in call.keywords.items() if self._has_sizes(value)]
        if not single and not several and name not in MAKING:
            raise GraphError(f"{name}: expected at least one value among its arguments")
        step = GraphStep(
            name,
            len(self._parts),
            SAFE.get(name, operator),
            call.positional,
            call.keywords,
            tuple(single),
            tuple(several),
            tuple(sized),
            tuple(sized_keywords),
            makes=name in MAKING,
        )
        written = [name, positional, {key: keywords[key] for key in sorted(keywords)}]
        self._add(written, step=step, parts=_parts_of(operator))

    def _has_sizes(self, argument: Any) -> bool:
        items = argument if isinstance(argument, list) else [argument]
        sizes = [item for item in items if isinstance(item, Size | Formula | ShapeSlice)]
        for input_ in {input_ for size in sizes for input_ in size.inputs()}:
            if not 0 <= input_ < self._inputs:
                raise GraphError(f"size of input {input_}, which does not exist")
        return bool(sizes)

    def _read_item(self, reference: JsonValue, part: JsonValue) -> None:
        index = self._value(reference)
        count = self._parts[index]
        if count == 1 or not is_int64(part) or not 0 <= part < count:
            raise GraphError(f"item: value {index} has no part {str(part)[:20]}")
        step = GraphStep("item", len(self._parts), None, (None, part), {}, ((0, index),), ())
        self._add(["item", {"ref": index}, part], step=step)

    def _read_constant(self, dtype: JsonValue, shape: JsonValue, values: JsonValue) -> None:
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise GraphError(f"constant: dtype {str(dtype)[:20]!r} is not allowed")
        if not isinstance(shape, list) or not all(
            is_int64(size) and 0 <= size <= MAX_CONSTANT_ELEMENTS for size in shape
        ):
            raise GraphError(
                f"constant: expected a list of sizes up to {MAX_CONSTANT_ELEMENTS:,} as its shape"
            )
        if not isinstance(values, list) or len(values) != math.prod(shape) or len(shape) > 8:
            raise GraphError("constant: expected as many values as its shape holds")
        self._elements_left -= len(values)
        if self._elements_left < 0:
            raise GraphError(f"expected at most {MAX_CONSTANT_ELEMENTS:,} elements of constants")
        numbers = [_element(DTYPES[dtype], value) for value in values]
        try:
            tensor = torch.tensor(numbers, dtype=DTYPES[dtype]).reshape(shape)
        except (RuntimeError, OverflowError) as error:
            raise GraphError(f"constant: {first_line(error)}") from error
        self._add(["constant", dtype, shape, write_tensor(tensor)], constant=tensor)

    def _add(
        self,
        written: JsonValue,
        *,
        constant: torch.Tensor | None = None,
        step: GraphStep | None = None,
        parts: int = 1,
    ) -> None:
        self.written.append(written)
        self.nodes.append(constant)
        self._parts.append(parts)
        if step is not None:
            self.steps.append(step)


@cache
def _parts_of(operator: OpOverload) -> int:
    """Number of tensors that an operator gives."""
    returns = schema_of(operator).returns
    is_list = len(returns) == 1 and str(returns[0].type) == "List[Tensor]"
    return _MANY if is_list else len(returns)


def _element(dtype: torch.dtype, value: JsonValue) -> float:
    if dtype.is_floating_point:
        element = read_float(value)
    elif dtype == torch.bool:
        element = value if isinstance(value, bool) else None
    else:
        element = value if is_int64(value) else None
    if element is None:
        raise GraphError(f"constant: {repr(value)[:40]} is no element of {dtype}")
    return element
