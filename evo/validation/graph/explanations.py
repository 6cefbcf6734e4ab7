"""Explain to a component's author why its trace failed: the line, the cause and a remedy."""

from traceback import walk_tb
from typing import Any

from evo.validation.graph.candidate_frames import is_candidate
from evo.validation.graph.merging import DifferenceError
from evo.validation.graph.sizes import Shapes
from evo.validation.graph.tracked import SizeUseError

_HINTS = {
    "only integer tensors of a single element": (
        "it needs the value of a tensor while tracing, as range(), an index or a text does; "
        "compute with the tensor itself, and choose with torch.where"
    ),
    "value out of a tracing tensor": (
        "it needs the value of a tensor while tracing, as range(), an index or a text does; "
        "compute with the tensor itself, and choose with torch.where"
    ),
    "leaf Variable that requires grad": (
        "it writes into its input, which lives on after the call; compute a new tensor, "
        "`w = w * 2` for `w *= 2`"
    ),
    "more than one value is ambiguous": (
        "`if`, `and`, `or`, `not` and `while` need one truth, not one for every element; choose "
        "element by element with torch.where(condition, a, b), and combine by & and |"
    ),
    **dict.fromkeys(
        ("divisible by num_groups", "is invalid for input of size", "don't multiply up to"),
        "it lays a tensor out in a way that does not fit every size; take groups that divide it, "
        "`groups = math.gcd(x.shape[-1], 4)`, and -1 for a size that follows from the others",
    ),
    "destination is read-only": (
        "it writes into an array that a tensor shares memory with; make the tensor by "
        "torch.tensor(array), which copies"
    ),
    "it is not associated with a value": (
        "a way that it may go by an `if` on a tensor gives this variable no value, and all ways "
        "are computed; give it one before the first `if`"
    ),
    "allocate": "it asks for more memory than a candidate may use; work on tensors of x's size",
}


def explain(error: BaseException) -> str:
    """Describe an error of the candidate: line, cause and, where known, how to fix it."""
    line = line_of(error)
    where = f"line {line}: " if line else ""
    text = str(error).strip()
    for symptom, remedy in _HINTS.items():
        if symptom in text:
            return where + remedy
    if isinstance(error, SizeUseError):
        return where + text
    message = text.splitlines()[0][:200] if text else "no message"
    return f"{where}{type(error).__name__}: {message}"


def line_of(error: BaseException) -> int:
    """The component's line that raised an error; 0 where none did."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if is_candidate(frame)]
    return lines[-1] if lines else 0


def explain_difference(difference: DifferenceError) -> str:
    """The first place where traces differ, with the remedy."""
    traces = difference.traces
    lines = [trace.lines[difference.node] for trace in traces if len(trace.lines) > difference.node]
    where = f"line {max(lines)}: " if any(lines) else ""
    first, other = traces[0], next(t for t in traces if t.text != traces[0].text)
    at, at_first = _shapes_text(other.shapes), _shapes_text(first.shapes)
    values = [_number_text(value) for value in difference.what]
    if len(values) == len(traces) and all(values):
        place = next((i for i, value in enumerate(values) if value != values[0]), 0)
        at = _shapes_text(traces[place].shapes)
        return (
            f"{where}a number is {values[0]} at input shape {at_first}, {values[place]} at {at}: "
            "it follows the sizes in a way that the graph cannot hold; compute it from x.shape by "
            "arithmetic, min, max, int, round and functions of math alone"
        )
    return (
        f"{where}its operators at input shape {at} differ from those at {at_first}: an `if`, a "
        "loop or an index by a size makes another function at every size; use operators "
        "that work at any size, such as mean(dim=-1, keepdim=True), torch.cumsum or torch.roll, "
        "and for a choice by a size `min`, `max` or torch.where"
    )


def _number_text(value: Any) -> str:
    return f"{value:.6g}" if type(value) in (int, float) else ""


def _shapes_text(shapes: Shapes) -> str:
    return " and ".join(str(tuple(shape)) for shape in shapes)
