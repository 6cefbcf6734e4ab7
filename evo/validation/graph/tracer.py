"""Trace a candidate: run its source on example tensors and write the operators as a graph.

It executes hostile code, so it runs only in the zygote's forked child. Its result is text that
is not trusted; `Graph.parse` reads it as any other.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from traceback import walk_tb
from types import FrameType
from typing import Any

import torch

from evo.validation.graph.merging import DifferenceError, Trace, merged
from evo.validation.graph.recorder import Notes, record
from evo.validation.graph.recording import Recording, TraceError
from evo.validation.graph.rewriting import compiled
from evo.validation.graph.sizes import Shapes
from evo.validation.graph.tracked import BUILTINS, tracking
from evo.validation.graph.writer import write_graphs

_FILE = "<candidate>"
_HINTS = {
    "value out of a tracing tensor": (
        "it needs the value of a tensor while tracing (`if`, `float()`, `.item()`); "
        "choose between tensors with torch.where"
    ),
    "leaf Variable that requires grad": (
        "it writes into its input; compute a new tensor, `y = y * 2` for `y *= 2`, "
        "and leave out inplace=True"
    ),
    "allocate": "it asks for more memory than a candidate may use; work on tensors of x's size",
}


def trace(
    source: str,
    function: str,
    shapes: Sequence[Shapes],
    *,
    wide_shapes: Sequence[Shapes] = (),
    ranges: Sequence[tuple[float, float]] | None = None,
    progress: Callable[[], None],
) -> str:
    """Trace `function` at every shape set and return its graph as JSON.

    Args:
        source: defines the function; it is executed here.
        function: name of the entry function.
        shapes: one or more sets of argument shapes.
        wide_shapes: further ones, for functions that look at a size.
        ranges: for each argument the numbers in it, from and to; [-3, 3] by default.
        progress: called every few recorded operators.

    Raises:
        TraceError: the source fails, or its graph differs between shape sets.
    """
    try:
        with tracking() as use:
            namespace: dict[str, Any] = {"__name__": "candidate", "__builtins__": dict(BUILTINS)}
            exec(compiled(source, _FILE), namespace)  # noqa: S102 - what this process is for
            notes = Notes(use, len({len(sizes[0]) for sizes in shapes}) > 1)
            tracer = _Tracer(namespace[function], notes, ranges or (), progress)
            return tracer.merged(shapes, wide_shapes)
    except TraceError:
        raise
    except BaseException as error:  # noqa: BLE001 - a candidate may raise anything, SystemExit too
        raise TraceError(_explain(error)) from None


class _Tracer:
    def __init__(
        self,
        component: Callable[..., object],
        notes: Notes,
        ranges: Sequence[tuple[float, float]],
        progress: Callable[[], None],
    ) -> None:
        self._component = component
        self._notes = notes
        self._ranges = ranges
        self._progress = progress

    def merged(self, shapes: Sequence[Shapes], wide_shapes: Sequence[Shapes]) -> str:
        """The graph at all shapes."""
        recordings = [self._recorded(sizes) for sizes in shapes]
        if any(recording.ledger for recording in recordings):
            shapes = [*shapes, *wide_shapes]
            recordings += [self._recorded(sizes) for sizes in wide_shapes]
        try:
            return merged(_traces(recordings, shapes))
        except DifferenceError:
            # Once more, with the lines that it takes to say where.
            self._notes = self._notes._replace(line=_line)
            traces = _traces([self._recorded(sizes) for sizes in shapes], shapes)
        try:
            return merged(traces)
        except DifferenceError as difference:
            raise TraceError(_explain_difference(difference, traces)) from None

    def _recorded(self, shapes: Shapes) -> Recording:
        return record(
            self._component, _examples(shapes, self._ranges), self._progress, notes=self._notes
        )


def _traces(recordings: Sequence[Recording], shapes: Sequence[Shapes]) -> list[Trace]:
    return [
        Trace(written.text, sizes, recording.ledger, written.from_back, written.lines)
        for written, sizes, recording in zip(
            write_graphs(recordings), shapes, recordings, strict=True
        )
    ]


def _line() -> int:
    """The line of the candidate that runs now."""
    frame = inspect.currentframe()
    while frame is not None and not _is_candidate(frame):
        frame = frame.f_back
    return 0 if frame is None else frame.f_lineno


def warm_up() -> None:
    """Import and cache everything that tracing needs, before the fork."""
    source = (
        "import math, torch\n"
        "import torch.nn.functional as F\n"
        "def f(x):\n"
        "    y = F.silu(x.clone().mul_(2)) + torch.tensor([0.5]) * torch.ones(1)\n"
        "    return torch.where(x > 0, F.layer_norm(y, (1,)), F.softplus(x)).max(-1).values\n"
    )
    trace(source, "f", (((2, 1),), ((3, 1),)), progress=_nothing)
    for failing in ("def f(x):\n    return x if x.sum() > 0 else -x", "def f(x):\n    return x.a"):
        try:
            trace(failing, "f", (((2,),),), progress=_nothing)
        except TraceError:
            continue


def _nothing() -> None:
    pass


def _examples(shapes: Shapes, ranges: Sequence[tuple[float, float]]) -> list[torch.Tensor]:
    examples: list[torch.Tensor] = []
    for shape, (low, high) in zip(shapes, ranges or [(-3.0, 3.0)] * len(shapes), strict=True):
        values = torch.linspace(low, high, math.prod(shape)).reshape(tuple(shape))
        examples.append(values.requires_grad_(low < 0))
    return examples


def _explain(error: BaseException) -> str:
    """Describe an error of the candidate: line, cause and, where known, how to fix it."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if _is_candidate(frame)]
    where = f"line {lines[-1]}: " if lines else ""
    text = str(error).strip()
    for symptom, remedy in _HINTS.items():
        if symptom in text:
            return where + remedy
    message = text.splitlines()[0][:200] if text else "no message"
    return f"{where}{type(error).__name__}: {message}"


def _is_candidate(frame: FrameType) -> bool:
    return frame.f_code.co_filename == _FILE


def _explain_difference(difference: DifferenceError, traces: Sequence[Trace]) -> str:
    """The first place where traces differ, with the remedy."""
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
