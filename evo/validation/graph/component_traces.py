"""All traces of a component, as one graph. Runs in the sandbox's child.

A component is traced at several sizes, once for each way that it goes by tensors, and at further
sizes where it decides or computes by sizes (see `coverage`).
"""

import json
import math
from collections.abc import Callable, Sequence
from traceback import walk_tb
from typing import Any

import torch

from evo.validation.graph.calls import Node, with_nodes
from evo.validation.graph.candidate_frames import is_candidate, running_line
from evo.validation.graph.cases import Ways, cases_by_sizes, joined_ways
from evo.validation.graph.choices import Way
from evo.validation.graph.coverage import SizedTrace, untraced
from evo.validation.graph.decisions import Decisions
from evo.validation.graph.explanations import explain, explain_difference
from evo.validation.graph.masks import IS_ONE_HOT
from evo.validation.graph.merging import DifferenceError
from evo.validation.graph.recorder import Notes, record
from evo.validation.graph.recording import Recording, TraceError
from evo.validation.graph.sizes import MAX_CASES, Shapes
from evo.validation.graph.tracked import Sizes

ONE_HOT = (0.0, 1.0)
"""Range of an argument whose rows are one-hot, where it is a matrix."""
_MATRIX = 2
_MOST_TRACES = 40
_LARGE = 1024
"""A check of the input that fails at larger sizes alone is left out."""


class ComponentTracer:
    """Traces one component."""

    def __init__(
        self,
        component: Callable[..., object],
        notes: Notes,
        ranges: Sequence[tuple[float, float]],
        kept: Sequence[int] | None,
        progress: Callable[[], None],
    ) -> None:
        self._component = component
        self._use = notes.use
        self._notes = notes._replace(use=self._note_in)
        self._sizes: Any = None
        """Ledger of the trace at hand, or of the last one."""
        self._alone: set[Shapes] = set()
        """Shapes that go a way that no others go."""
        self._ranges = [(low, high) for low, high in ranges]  # in a child they come as lists
        self._kept = kept
        self._progress = progress
        self.may_remember = False
        """True where a call may leave something to the next one."""
        self._first_calls: list[Any] = []

    def _note_in(self, sizes: Sizes | None) -> None:
        self._sizes = sizes or self._sizes
        self._use(sizes)

    def merged(self, shapes: Sequence[Shapes], wide_shapes: Sequence[Shapes]) -> str:
        """The graph at all shapes, of all ways that the function goes by tensors."""
        shapes, wide_shapes = _as_tuples(shapes), _as_tuples(wide_shapes)
        recordings: list[Ways] = [self._recorded(sizes) for sizes in shapes]
        if self.may_remember:
            self._first_calls = _calls(recordings[0])
        if any(one.ledger or one.has_lists for ways in recordings for one in ways.values()):
            shapes += wide_shapes
            recordings += [self._recorded_at(sizes) for sizes in wide_shapes]
            if len(shapes) > 1:  # else they are the sizes, and no others
                self._cover(shapes, recordings)
        text = self._text(recordings, shapes)
        self._expect_no_memory(shapes[0])
        return text

    def _cover(self, shapes: list[Shapes], recordings: list[Ways]) -> None:
        """Add traces at sizes where the function goes another way than at all others."""
        failed: list[SizedTrace] = []
        while wanted := self._untraced(recordings, shapes, failed):
            if len(shapes) + len(wanted) > _MOST_TRACES:
                self._text(recordings, shapes)  # which says what differs
                raise TraceError(
                    "it decides or computes by sizes (`if`, `range`, `min`, `//`) in more ways "
                    f"than {_MOST_TRACES} traces can show; use operators that work at any size"
                )
            for one in wanted:
                try:
                    recordings.append(self._recorded(one))
                    shapes.append(one)
                except Exception as error:  # noqa: BLE001 - a candidate may raise anything
                    if not _is_large(one) or not _is_check(error):
                        raise self._failure(error, one) from None
                    failed.append(SizedTrace(self._sizes.choices, {}, one, fails=True))

    def _untraced(
        self, recordings: Sequence[Ways], shapes: Sequence[Shapes], failed: Sequence[SizedTrace]
    ) -> list[Shapes]:
        """Further shapes to trace at, for each way that the function goes by tensors."""
        wanted: dict[Shapes, None] = {}
        for way in recordings[0]:
            traces = [
                SizedTrace(ways[way].choices, ways[way].ledger, sizes)
                for ways, sizes in zip(recordings, shapes, strict=True)
                if way in ways
            ]
            wanted |= dict.fromkeys(untraced([*traces, *failed], self._alone))
        return list(wanted)

    def _recorded_at(self, shapes: Shapes) -> Ways:
        """The function at further shapes.

        Raises:
            TraceError: it fails there, where training may be.
        """
        try:
            return self._recorded(shapes)
        except Exception as error:  # noqa: BLE001 - a candidate may raise anything
            raise self._failure(error, shapes) from None

    def _failure(self, error: Exception, shapes: Shapes) -> TraceError:
        at = " and ".join(dict.fromkeys(str(tuple(shape)) for shape in shapes if shape))
        if "allocate" in str(error):
            return TraceError(
                f"it makes another function (by `if`, `min`, `//`) of inputs of shape {at}, where "
                "it asks for more memory than a candidate may use"
            )
        what = str(error) if isinstance(error, TraceError) else explain(error)
        return TraceError(f"{what} (at input shape {at}, which training may have)")

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
        except (DifferenceError, TraceError):
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
            return joined_ways(recordings, shapes, self._progress)
        except DifferenceError:
            cases = cases_by_sizes(
                *(list(zip(recordings, shapes, strict=True)), 0, self._alone.__contains__),
                self._progress,
            )
        if cases is None or len(cases) > MAX_CASES:
            return joined_ways(recordings, shapes, self._progress)  # and say what differs
        documents = [(when, json.loads(text)) for when, text in cases]
        document = {
            "inputs": documents[0][1]["inputs"],
            "cases": [
                {"when": when, "nodes": graph["nodes"], "output": graph["output"]}
                for when, graph in documents
            ],
        }
        return json.dumps(document, separators=(",", ":"))

    def _recorded(self, shapes: Shapes) -> Ways:
        """The function at these shapes, once for each way that it goes."""
        recordings: dict[Way, Recording] = {}
        errors: list[Exception] = []
        pending: list[Way] = [()]
        while pending:
            self._progress()
            start = pending.pop()
            decisions = Decisions(start)
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
                if not decisions.taken or not _is_check(error):
                    raise
                errors.append(error)
                recording = None
            if recording is not None:
                self._note_one_hot(recording, shapes)
            way = tuple(outcome for _, outcome in decisions.taken)
            if recording is not None:
                recordings[way] = recording
            pending += [(*way[:place], False) for place in range(len(start), len(way))]
        if not recordings:
            raise errors[0]
        return recordings

    def _note_one_hot(self, recording: Recording, shapes: Shapes) -> None:
        for node, shape, span in zip(recording.graph.nodes, shapes, self._ranges, strict=False):
            node.meta[IS_ONE_HOT] = _is_one_hot(shape, span)


def _as_tuples(shapes: Sequence[Shapes]) -> list[Shapes]:
    return [tuple(map(tuple, one)) for one in shapes]


def _is_large(shapes: Shapes) -> bool:
    return max((size for shape in shapes for size in shape), default=0) > _LARGE


_CHECKS = (AssertionError, NotImplementedError, RuntimeError, TypeError, ValueError)
"""Errors of a component that checks its input: a way that ends in one is left out."""


def _is_check(error: Exception) -> bool:
    """True where the component itself raised the error, to check its input."""
    if not isinstance(error, _CHECKS):
        return False
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return bool(frames) and is_candidate(frames[-1])


def _calls(ways: Ways) -> list[Any]:
    """The calls and constants of recordings at one shape, to compare with those of another call."""
    return [
        (
            way,
            _texts(one.graph.nodes),
            [str(constant.tolist()) for constant in one.constants.values()],
        )
        for way, one in ways.items()
    ]


def _texts(nodes: Sequence[Node]) -> list[str]:
    """The nodes as texts, by their places: numbers count what was taken back, too."""
    places = {node: f"value {place}" for place, node in enumerate(nodes)}
    parts = ((node.target, with_nodes((node.args, node.kwargs), places.get)) for node in nodes)
    return [f"{target} {given}" for target, given in parts]


def _is_one_hot(shape: Sequence[int], span: tuple[float, float]) -> bool:
    return span == ONE_HOT and len(shape) == _MATRIX


def _examples(
    shapes: Shapes, ranges: Sequence[tuple[float, float]], kept: Sequence[int] | None
) -> list[torch.Tensor]:
    examples: list[torch.Tensor] = []
    for shape, (low, high) in zip(shapes, ranges or [(-3.0, 3.0)] * len(shapes), strict=True):
        if _is_one_hot(shape, (low, high)):
            values = torch.eye(shape[1])[torch.arange(shape[0]) % shape[1]]
        else:
            values = torch.linspace(low, high, math.prod(shape)).reshape(tuple(shape))
        values.requires_grad_(low < 0)
        # torch lets nobody write into a leaf, such as what is kept.
        is_kept = kept is None or len(examples) in kept
        examples.append(values if is_kept else values.clone())
    return examples
