"""Trace a candidate: run its source on example tensors and write the operators as a graph.

It executes hostile code, so it runs only in the zygote's forked child. Its result is text that
is not trusted; `Graph.parse` reads it as any other.
"""

import json
import math
from collections.abc import Callable, Sequence
from traceback import walk_tb
from typing import Any

import torch

from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.beyond import sizes_beyond
from evo.validation.graph.candidate_frames import (
    CANDIDATE,
    CANDIDATE_MODULE,
    is_candidate,
    running_line,
)
from evo.validation.graph.cases import Ways, cases_by_sizes, joined_ways
from evo.validation.graph.choices import Way
from evo.validation.graph.component_builtins import BUILTINS
from evo.validation.graph.decisions import Decisions
from evo.validation.graph.encoding import parameters_of
from evo.validation.graph.explanations import explain, explain_difference
from evo.validation.graph.merging import DifferenceError
from evo.validation.graph.pre_dispatch import shorten
from evo.validation.graph.recorder import Notes, record
from evo.validation.graph.recording import Recording, TraceError
from evo.validation.graph.rewriting import compiled
from evo.validation.graph.sizes import MAX_CASES, Shapes
from evo.validation.graph.tracking import tracking
from evo.validation.graph.traits import traits_of


def trace(
    source: str,
    function: str,
    shapes: Sequence[Shapes],
    *,
    wide_shapes: Sequence[Shapes] = (),
    ranges: Sequence[tuple[float, float]] | None = None,
    kept: Sequence[int] | None = None,
    taken: Sequence[int] | None = None,
    progress: Callable[[], None],
) -> str:
    """Trace `function` at every shape set and return its graph as JSON.

    Args:
        source: defines the function; it is executed here.
        function: name of the entry function.
        shapes: one or more sets of argument shapes.
        wide_shapes: further ones, for functions that look at a size.
        ranges: for each argument the numbers in it, from and to; [-3, 3] by default.
        kept: indices of the arguments that must not be written into; None for all.
        taken: indices of the arguments that it takes, in its order; None for all.
        progress: called every few recorded operators.

    Raises:
        TraceError: the source fails, or its graph differs between shape sets.
    """
    try:
        with tracking() as use:
            namespace: dict[str, Any] = {
                "__name__": CANDIDATE_MODULE,
                "__builtins__": BUILTINS,  # no copy, which would touch a hundred pages of memory
            }
            exec(compiled(source, CANDIDATE), namespace)  # noqa: S102 - what this process is for
            notes = Notes(use, len({len(sizes[0]) for sizes in shapes}) > 1)
            component = _with(namespace[function], taken)
            tracer = _Tracer(component, notes, ranges or (), kept, progress)
            tracer.may_remember = "class " in source
            return tracer.merged(shapes, wide_shapes)
    except TraceError:
        raise
    except BaseException as error:  # noqa: BLE001 - a candidate may raise anything, SystemExit too
        raise TraceError(explain(error)) from None


def _with(component: Callable[..., object], taken: Sequence[int] | None) -> Callable[..., object]:
    """The component as a function of all arguments, of which it takes some."""
    if taken is None:
        return component
    return lambda *arguments: component(*(arguments[place] for place in taken))


class _Tracer:
    def __init__(
        self,
        component: Callable[..., object],
        notes: Notes,
        ranges: Sequence[tuple[float, float]],
        kept: Sequence[int] | None,
        progress: Callable[[], None],
    ) -> None:
        self._component = component
        self._notes = notes
        self._ranges = ranges
        self._kept = kept
        self._progress = progress
        self.may_remember = False
        """Whether a call may leave something to the next one."""
        self._first_calls: list[Any] = []

    def merged(self, shapes: Sequence[Shapes], wide_shapes: Sequence[Shapes]) -> str:
        """The graph at all shapes, of all ways that the function goes by tensors."""
        recordings = [self._recorded(sizes) for sizes in shapes]
        if self.may_remember:
            self._first_calls = _calls(recordings[0])
        if any(one.ledger or one.has_lists for ways in recordings for one in ways.values()):
            shapes = [*shapes, *wide_shapes]
            recordings += [self._recorded(sizes) for sizes in wide_shapes]
            shapes, recordings = self._beyond(shapes, recordings)
        text = self._text(recordings, shapes)
        self._expect_no_memory(shapes[0])
        return text

    def _beyond(
        self, shapes: Sequence[Shapes], recordings: list[dict[Way, Recording]]
    ) -> tuple[Sequence[Shapes], list[dict[Way, Recording]]]:
        """With those at sizes where an `if` goes another way than at all others."""
        firsts = [next(iter(ways.values())) for ways in recordings]
        further = sizes_beyond(
            [one.choices for one in firsts], [one.ledger for one in firsts], shapes
        )
        return [*shapes, *further], [*recordings, *(self._recorded(sizes) for sizes in further)]

    def _expect_no_memory(self, shapes: Shapes) -> None:
        """Expect that a call at the first shapes computes what the first one did."""
        if self.may_remember and self._first_calls != _calls(self._recorded(shapes)):
            raise TraceError(
                "its second call computes another function than its first: it keeps something "
                "between calls, as a class does in `self`; make what a call needs within the call"
            )

    def _text(self, recordings: Sequence[Ways], shapes: Sequence[Shapes]) -> str:
        try:
            return self._joined(recordings, shapes)
        except DifferenceError:
            # Once more, with the lines that it takes to say where.
            self._notes = self._notes._replace(line=running_line)
            recordings = [self._recorded(sizes) for sizes in shapes]
        try:
            return self._joined(recordings, shapes)
        except DifferenceError as difference:
            self._expect_no_memory(shapes[0])
            raise TraceError(explain_difference(difference)) from None

    def _joined(self, recordings: Sequence[Ways], shapes: Sequence[Shapes]) -> str:
        """The graph of all ways; of several cases by sizes, where it is not the same at all."""
        try:
            return joined_ways(recordings, shapes)
        except DifferenceError:
            cases = cases_by_sizes(list(zip(recordings, shapes, strict=True)), 0)
        if cases is None or len(cases) > MAX_CASES:
            return joined_ways(recordings, shapes)  # and say what differs
        documents = [(when, json.loads(text)) for when, text in cases]
        document = {
            "inputs": documents[0][1]["inputs"],
            "cases": [
                {"when": when, "nodes": graph["nodes"], "output": graph["output"]}
                for when, graph in documents
            ],
        }
        return json.dumps(document, separators=(",", ":"))

    def _recorded(self, shapes: Shapes) -> dict[Way, Recording]:
        """The function at these shapes, once for each way that it goes."""
        recordings: dict[Way, Recording] = {}
        errors: list[Exception] = []
        pending: list[Way] = [()]
        while pending:
            told = pending.pop()
            decisions = Decisions(told)
            examples = _examples(shapes, self._ranges, self._kept)
            try:
                recording = record(
                    self._component,
                    examples,
                    self._progress,
                    notes=self._notes,
                    kept=self._kept,
                    decisions=decisions,
                )
            except _CHECKS as error:
                if not decisions.taken or not _is_raised_by_candidate(error):
                    raise
                errors.append(error)
                recording = None
            way = tuple(outcome for _, outcome in decisions.taken)
            if recording is not None:
                recordings[way] = recording
            pending += [(*way[:place], False) for place in range(len(told), len(way))]
        if not recordings:
            raise errors[0]
        return recordings


_CHECKS = (AssertionError, NotImplementedError, RuntimeError, TypeError, ValueError)
"""Errors of a component that checks its input: a way that ends in one is left out."""


def _is_raised_by_candidate(error: Exception) -> bool:
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return bool(frames) and is_candidate(frames[-1])


def _calls(ways: Ways) -> list[Any]:
    """The calls and constants of recordings at one shape, to compare with those of another call."""
    return [
        (
            way,
            [(str(node.target), str(node.args), str(node.kwargs)) for node in one.graph.nodes],
            [str(constant.tolist()) for constant in one.constants.values()],
        )
        for way, one in ways.items()
    ]


_WARM_CALLS = 10
"""Python makes code faster at its eighth call: a child would do so for itself alone."""


def warm_up() -> None:
    """Import and cache everything that tracing needs, before the fork."""
    source = (
        "import abc, collections, dataclasses, enum, functools, itertools, numbers\n"
        "import math, torch, typing, typing_extensions\n"
        "import torch.nn.functional as F\n"
        "class Half(torch.nn.Module):\n"
        "    def forward(self, x):\n"
        "        return torch.nn.Softplus()(x) / 2\n"
        "def f(x):\n"
        "    y = F.silu(x.clone().mul_(2)) + torch.tensor([0.5]) * torch.ones(1)\n"
        "    y[:, 0] = x.shape[1] ** 0.5\n"
        "    y = Half()(y)\n"
        "    return torch.where(x > 0, F.layer_norm(y, (1,)), F.softplus(x)).max(-1).values\n"
    )
    for _ in range(_WARM_CALLS):
        trace(source, "f", (((2, 1),), ((3, 1),)), wide_shapes=(((4, 1),),), progress=_nothing)
    for operator in ALLOWED.values():
        shorten(operator)
        traits_of(operator)
        parameters_of(operator)
    # The first error of C++ loads what unwinds its stack: a locked child could not.
    for body in ("x if x.sum() > 0 else -x", "x.a", "x.view(7, 7)", "x * torch.equal(x, x)"):
        failing = f"import torch\ndef f(x):\n    return {body}"
        try:
            trace(failing, "f", (((2,),),), progress=_nothing)
        except TraceError:
            continue


def _nothing() -> None:
    pass


def _examples(
    shapes: Shapes, ranges: Sequence[tuple[float, float]], kept: Sequence[int] | None
) -> list[torch.Tensor]:
    examples: list[torch.Tensor] = []
    for shape, (low, high) in zip(shapes, ranges or [(-3.0, 3.0)] * len(shapes), strict=True):
        values = torch.linspace(low, high, math.prod(shape)).reshape(tuple(shape))
        values.requires_grad_(low < 0)
        # torch lets nobody write into a leaf, such as what is kept.
        is_kept = kept is None or len(examples) in kept
        examples.append(values if is_kept else values.clone())
    return examples
