"""Trace a candidate: run its source on example tensors and write the operators as a graph.

It executes hostile code, so it runs only in the zygote's forked child. Its result is text that
is not trusted; `Graph.parse` reads it as any other.
"""

from collections.abc import Callable, Sequence
from typing import Any

from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.candidate_frames import CANDIDATE, CANDIDATE_MODULE
from evo.validation.graph.component_builtins import COMPONENT_BUILTINS
from evo.validation.graph.component_traces import ComponentTracer
from evo.validation.graph.encoding import parameters_of
from evo.validation.graph.explanations import explain, line_of
from evo.validation.graph.pre_dispatch import shorten
from evo.validation.graph.recorder import Notes
from evo.validation.graph.recording import ForbiddenWayError, TraceError, at_line
from evo.validation.graph.rewriting import compiled
from evo.validation.graph.sizes import Shapes
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
                # no copy, which would touch a hundred pages of memory
                "__builtins__": COMPONENT_BUILTINS,
            }
            exec(compiled(source, CANDIDATE), namespace)  # noqa: S102 - what this process is for
            notes = Notes(use, len({len(sizes[0]) for sizes in shapes}) > 1)
            component = _with(namespace[function], taken)
            tracer = ComponentTracer(component, notes, ranges or (), kept, progress)
            tracer.may_remember = "class " in source
            return tracer.merged(shapes, wide_shapes)
    except (TraceError, ForbiddenWayError) as error:
        raise at_line(TraceError(str(error)), line_of(error)) from None
    except BaseException as error:  # noqa: BLE001 - a candidate may raise anything, SystemExit too
        raise TraceError(explain(error)) from None


def _with(component: Callable[..., object], taken: Sequence[int] | None) -> Callable[..., object]:
    """The component as a function of all arguments, of which it takes some."""
    if taken is None:
        return component
    return lambda *arguments: component(*(arguments[place] for place in taken))


_WARM_CALLS = 10
"""Python makes code faster at its eighth call: a child would do so for itself alone."""


def warm_up() -> None:
    """Import and cache everything that tracing needs, before the fork."""
    source = (
        "import abc, collections, dataclasses, enum, functools, itertools, numbers\n"
        "import math, torch, typing, typing_extensions\n"
        "import torch.nn.functional as F\n"
        "import numpy\n"
        "numpy.unique((2, 1))\n"
        "class Half(torch.nn.Module):\n"
        "    def forward(self, x):\n"
        "        return torch.nn.Softplus()(x) / 2\n"
        "def f(x):\n"
        "    y = F.silu(x.clone().mul_(2)) + torch.tensor([0.5]) * torch.ones(1)\n"
        "    y[:, 0] = x.shape[1] ** 0.5\n"
        "    y = Half()(y)\n"
        "    y = F.layer_norm(y, y.shape[1:])\n"
        "    return torch.where(x > 0, y, F.softplus(x)).max(-1).values\n"
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
