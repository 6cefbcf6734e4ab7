"""Trace a candidate: run its source on example tensors and write the operators as a graph.

It executes hostile code, so it runs only in the zygote's forked child. Its result is text that
is not trusted; `Graph.parse` reads it as any other.
"""

import math
from collections.abc import Callable, Sequence
from traceback import walk_tb
from types import FrameType
from typing import Any

import torch

from evo.validation.graph.recorder import record
from evo.validation.graph.recording import TraceError
from evo.validation.graph.sizes import Shapes, with_sizes
from evo.validation.graph.writer import write_graph

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
    source: str, function: str, shapes: Sequence[Shapes], *, progress: Callable[[], None]
) -> str:
    """Trace `function` at every shape set and return its graph as JSON.

    Args:
        source: defines the function; it is executed here.
        function: name of the entry function.
        shapes: one or more sets of argument shapes.
        progress: called every few recorded operators.

    Raises:
        TraceError: the source fails, or its graph differs between shape sets.
    """
    try:
        namespace: dict[str, Any] = {"__name__": "candidate"}
        exec(compile(source, _FILE, "exec"), namespace)  # noqa: S102 - what this process is for
        component = namespace[function]
        texts = [write_graph(record(component, _examples(sizes), progress)) for sizes in shapes]
    except TraceError:
        raise
    except BaseException as error:  # noqa: BLE001 - a candidate may raise anything, SystemExit too
        raise TraceError(_explain(error)) from None
    if len(set(texts)) == 1:
        return texts[0]
    merged = with_sizes(texts, shapes)
    if merged is not None:
        return merged
    other = next(sizes for sizes, text in zip(shapes, texts, strict=True) if text != texts[0])
    shape, first_shape = _shapes_text(other), _shapes_text(shapes[0])
    raise TraceError(
        f"its operators at input shape {shape} differ from those at {first_shape}: "
        "what it computes from a size or the number of dimensions is part of the formula; use "
        "operators that take sizes from the tensor, such as mean(dim=-1, keepdim=True), "
        "x.unsqueeze(-1) in place of x[..., None], and torch.ones_like(g).triu().tril() in "
        "place of torch.eye(n)"
    )


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


def _examples(shapes: Shapes) -> list[torch.Tensor]:
    return [
        torch.linspace(-3.0, 3.0, math.prod(shape)).reshape(tuple(shape)).requires_grad_()
        for shape in shapes
    ]


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


def _shapes_text(shapes: Shapes) -> str:
    return " and ".join(str(tuple(shape)) for shape in shapes)
