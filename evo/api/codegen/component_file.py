"""The file of a component: what it is, its function, and the class around it; checked before use.

The function is written from the graph, as people would write it. It must give the values and the
gradients of the graph on probes; where it does not, it is written again, operator by operator.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from evo.api.codegen.functions import WriteCall, function_source
from evo.api.codegen.operators import exact, readable_call
from evo.components.base import Kind
from evo.core.errors import UsageError
from evo.core.informed import contract_of, learned_by, unread, without_unread
from evo.core.learnables import Component
from evo.core.records import Record
from evo.networks.parts import Parts
from evo.networks.wrappers import (
    WRAPPERS,
    Wrapper,
    has_features,
    learned_arguments,
    parameter_lines,
)
from evo.validation.graph.graph import Graph

_PROBE_SEEDS = (0, 1)
_WATCHES = "from torch.utils._python_dispatch import TorchDispatchMode"


@dataclass(frozen=True)
class ComponentOrigin:
    """The origin of a component, for the head of its file.

    Attributes:
        run: name of the campaign.
        tasks: names of its tasks.
        ancestors: ids of the component's ancestors, nearest first.
        version: of evo.
    """

    run: str
    tasks: Sequence[str]
    ancestors: Sequence[str]
    version: str


def component_file(record: Record, kind: Kind, origin: ComponentOrigin) -> str:
    """The source of a self-contained file with a record's component.

    Args:
        record: has a graph per member of its kind.
        kind: of the record.
        origin: of the record.
    """
    members = list(zip(kind.members, record.graphs, strict=True))
    functions = [_verified_function(member, text) for member, text in members]
    taken = [wrapper_of(member, Graph.parse(text)) for member, text in members]
    shared = dict.fromkeys(text for wrapper in taken for text in wrapper.before)
    wrappers = [*shared, *(_wrapper(*member, record) for member in members)]
    names = [name for wrapper in taken for name in wrapper.names]
    public = sorted([*(member.contract.function for member, _ in members), *names])
    body = "\n\n".join([*functions, *(wrapper.strip("\n") + "\n" for wrapper in wrappers)])
    return "\n".join(
        [
            f'"""A component found by evo, of kind {kind.name}, with torch alone.',
            "",
            f"Use {' and '.join(f'`{name}`' for name in names)}.",
            '"""',
            "",
            *_head(record, origin),
            "",
            *_imports(body),
            "",
            f"__all__ = {json.dumps(public)}",
            "",
            "",
            body,
        ]
    )


def wrapper_of(kind: Kind, component: Component) -> Wrapper:
    """The wrapper for what a kind sets with a component, a plug-in's too.

    Raises:
        UsageError: the kind sets no part that has a wrapper.
    """
    plain, parts = Parts(), kind.parts(component)
    for part, wrapper in WRAPPERS.items():
        if getattr(parts, part) != getattr(plain, part):
            return wrapper
    raise UsageError(f"Kind {kind.name!r} sets no part of a training that can be written as code.")


def _imports(body: str) -> list[str]:
    lines = [
        *(["import math"] if "math." in body else []),
        *(["from collections.abc import Callable, Sequence"] if "Callable[" in body else []),
        *(["from typing import Any"] if "Any" in body else []),
    ]
    return [
        *lines,
        *([""] if lines else []),
        "import torch",
        *(["import torch.nn.functional as F"] if "F." in body else []),
        *(["from torch import nn"] if "nn.Module" in body else []),
        *([_WATCHES] if "TorchDispatchMode" in body else []),
    ]


def _head(record: Record, origin: ComponentOrigin) -> list[str]:
    """Facts about the component, as comments."""
    facts = [
        f"Component {record.id} of campaign {origin.run}, written by evo {origin.version}.",
        f"Tasks: {', '.join(map(_file_name, origin.tasks))}.",
    ]
    if (score := record.score) is not None:
        facts += [
            f"B-WR {_estimate(score.b_wr)}, BSOTA-WR {_estimate(score.bsota_wr)}, "
            f"margin {_estimate(score.margin)}, at rung {score.rung}, "
            f"{len(score.trials)} trials (95 % intervals).",
            *(
                f"On {_file_name(task)}: B-WR {one.b_wr:.3f}, BSOTA-WR {one.bsota_wr:.3f}, "
                f"mean loss {one.loss:.4g}."
                for task, one in score.tasks.items()
            ),
        ]
    if (novelty := record.novelty) is not None:
        text = "" if novelty.text is None else f"text {novelty.text:.3f}, "
        facts.append(f"N-scores at arrival: {text}behaviour {novelty.behaviour:.3f}.")
    model = f" with {record.candidate.model}" if record.candidate.model else ""
    facts.append(
        f"Generation {record.generation}, by operator {record.candidate.operator}{model}; "
        f"parents: {', '.join(record.candidate.parents) or 'none'}."
    )
    if origin.ancestors:
        facts.append(f"Ancestors, nearest first: {', '.join(origin.ancestors)}.")
    facts.append(
        "Licence: yours to choose; that of evo (Apache-2.0) does not cover what a run finds."
    )
    if record.candidate.model:
        facts.append(f"The terms of {record.candidate.model}, which wrote it, may say more.")
    source = record.candidate.source.strip().splitlines()
    lines = [*facts, "", "The source that evo trained, from which the code below was traced:", ""]
    return [_comment(line) for line in [*lines, *(f"    {line}" for line in source)]]


def _file_name(task: str) -> str:
    """The name of a task; of one in a file, the file's without folders."""
    return task.rpartition("/")[2]


def _comment(line: str) -> str:
    """A line as a comment that no character can end."""
    return f"# {''.join(char if char.isprintable() else '?' for char in line)}".rstrip()


def _estimate(estimate: Any) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _wrapper(member: Kind, text: str, record: Record) -> str:
    graph = Graph.parse(text)
    learnables = learned_by(graph, member.contract)
    trials = record.score.trials if record.score is not None else ()
    rates = Counter(trial.learning_rate for trial in trials)
    strengths = Counter(trial.strength for trial in trials)
    return wrapper_of(member, graph).filled(
        is_informed=bool(contract_of(graph, member.contract).taken),
        function=member.contract.function,
        parameters=parameter_lines(learnables),
        learned=learned_arguments(learnables),
        features_argument=", features: int" if has_features(learnables) else "",
        rate=repr(rates.most_common(1)[0][0] if rates else 0.001),
        strength=repr(strengths.most_common(1)[0][0] if strengths else 1.0),
    )


def _verified_function(member: Kind, text: str) -> str:
    """The readable function where it computes the graph, else the one operator by operator."""
    source = _function(member, text, readable_call)
    return source if computes(source, member, text) else _function(member, text, exact)


def _function(member: Kind, text: str, write: WriteCall) -> str:
    graph = Graph.parse(text)
    contract = contract_of(graph, member.contract)
    return function_source(
        text,
        contract.function,
        contract.parameters,
        write,
        docstring=f"The {member.name} as evo trained it.",
        left_out=unread(graph, member.contract),
    )


def computes(source: str, member: Kind, text: str) -> bool:
    """True if a function's source gives the values and gradients of a graph on probes."""
    names: dict[str, Any] = {"torch": torch, "F": F, "math": math, "nn": nn}
    # Written from checked operators, by us: nothing of the candidate's source is in it.
    exec(source, names)  # noqa: S102
    function, graph = names[member.contract.function], Graph.parse(text)
    contract, left_out = contract_of(graph, member.contract), unread(graph, member.contract)

    def shapes(required: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Shapes of the inputs that the function takes."""
        pairs = zip(contract.parameters, contract.shapes(required), strict=True)
        return [shape for name, shape in pairs if name not in left_out]

    return all(
        _same(function, without_unread(graph, member.contract), shapes(required), seed)
        for required in (*member.trace_shapes, *member.wide_shapes)
        for seed in _PROBE_SEEDS
    )


def _same(
    function: Callable[..., Any], graph: Component, shapes: Sequence[tuple[int, ...]], seed: int
) -> bool:
    expected = _results(graph, shapes, seed)
    try:
        actual = _results(function, shapes, seed)
    except Exception:  # noqa: BLE001 - whatever it fails with, it is written again
        return False
    return all(
        one.dtype == other.dtype
        and one.shape == other.shape
        and torch.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)
        for one, other in zip(actual, expected, strict=True)
    )


def _results(
    function: Callable[..., torch.Tensor], shapes: Sequence[tuple[int, ...]], seed: int
) -> list[torch.Tensor]:
    """The output on random inputs, and the gradients to them."""
    generator = torch.Generator().manual_seed(seed)
    inputs = [
        # Numbers such as sizes and steps are positive.
        torch.randn(shape, generator=generator).requires_grad_()
        if shape
        else (1 + 9 * torch.rand((), generator=generator)).requires_grad_()
        for shape in shapes
    ]
    output = function(*inputs)
    if not output.requires_grad:
        return [output]
    weights = torch.rand(output.shape, generator=generator)
    gradients = torch.autograd.grad(
        (output * weights).sum(), inputs, allow_unused=True, materialize_grads=True
    )
    return [output.detach(), *gradients]
