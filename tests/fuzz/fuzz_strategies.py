"""Random programs and graphs for the walls.

`make test` draws the same few examples each time. `make test-long` draws thousands of new ones for
each property; what it finds is printed with the line that repeats it.
"""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from support.profiles import PROFILE, many

from evo.components.kinds import kinds
from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.arguments import schema_of
from evo.validation.policy.vocabulary import ALLOWED_BUILTINS, ATTRIBUTES, NAME_REMEDIES

fuzzing = settings(
    max_examples=many(15, ci=40, nightly=2000),
    derandomize=PROFILE != "nightly",
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    database=None,
)

BASELINES = [
    (name, known.source)
    for name in kinds.names()
    for known in kinds.get(name)().baselines().values()
]

_NUMBERS = ["0", "1", "-1", "2", "0.5", "1e-3", "1e30", "1e400", "2**31", "-2**63", "10**30"]
_NAMES = ["x", "y", "w", "torch", "F", "math", "k", "activation", "é", "ｘ", "lambda_"]
_ATTRIBUTES = [
    *sorted(ATTRIBUTES),
    *sorted(NAME_REMEDIES),
    "__class__",
    "_base",
    "format",
    "grad_fn",
]
_OPERATORS = ["+", "-", "*", "/", "**", "@", "//", "%", "&", "|", "<", "==", "and", "is not", "in"]

_leaves = st.sampled_from(_NAMES) | st.sampled_from(_NUMBERS) | st.just("'text'") | st.just("None")


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    name = st.sampled_from(_ATTRIBUTES)
    listed = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(_OPERATORS), inner),
        st.builds("torch.{}({})".format, name, listed),
        st.builds("F.{}({}, dim={})".format, name, inner, inner),
        st.builds("{}.{}({})".format, inner, name, listed),
        st.builds("{}.{}".format, inner, name),
        st.builds(
            "{}({})".format, st.sampled_from([*sorted(ALLOWED_BUILTINS), "eval", "open"]), listed
        ),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}[..., {}:]".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("[{} for k in ({},)]".format, inner, inner),
        st.builds("(lambda k={}: {})".format, inner, inner),
        st.builds('f"{{{}}}"'.format, inner),
        st.builds("-{}".format, inner),
    )


expressions = st.recursive(_leaves, _grown, max_leaves=12)

_statements = st.one_of(
    st.builds("y = {}".format, expressions),
    st.builds("y += {}".format, expressions),
    st.builds("y[{}] = {}".format, expressions, expressions),
    st.builds("y, k = {}".format, expressions),
    st.builds("for k in range(3): y = {}".format, expressions),
    st.builds("if {}: y = {}".format, expressions, expressions),
    st.builds("with torch.no_grad(): y = {}".format, expressions),
    st.builds("raise ValueError({})".format, expressions),
    st.builds("assert {}".format, expressions),
    st.builds("def k(x, y={}): return {}".format, expressions, expressions),
    st.builds("return {}".format, expressions),
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, str]:
    """A kind and a program that is made of what components are made of, and a little else."""
    contract = kinds.get(draw(st.sampled_from(kinds.names()))).contract
    lines = draw(st.lists(_statements, max_size=4))
    arguments = ", ".join(contract.parameters)
    body = ["y = x = " + contract.arguments[0], *lines, f"return {draw(expressions)}"]
    head = [*contract.imports, "import math", f"def {contract.function}({arguments}):"]
    return contract.kind, "\n".join([*head, *(f"    {line}" for line in body)])


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, str]:
    """A kind and a known component in which a few pieces of text are others."""
    kind, source = draw(st.sampled_from(BASELINES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(source)))
        end = min(len(source), start + draw(st.integers(0, 6)))
        put = draw(expressions | st.text(max_size=3) | st.sampled_from(_ATTRIBUTES))
        source = source[:start] + put + source[end:]
    return kind, source


_INTEGERS = st.sampled_from([0, 1, -1, 2, 3, 7, -2, 10**9, 2**31, -(2**31), 2**63 - 1, -(2**63)])
_SIZES = st.builds(
    lambda *size: {"size": list(size)},
    st.sampled_from([0, 0, 0, 1, -1]),
    st.sampled_from([0, 1, -1, 2, None]),
    st.sampled_from([0, 1, -1, 7]),
)
_FLOATS = st.sampled_from([0.0, 0.5, -1.0, 1e30, -1e-30]) | st.sampled_from(
    [{"float": word} for word in ("inf", "-inf", "nan")]
)
_CONSTANTS: list[list[Any]] = [
    ["constant", "int64", [3], [-(2**63), 0, 2**63 - 1]],
    ["constant", "int32", [1], [-(2**31)]],
    ["constant", "bool", [2, 1], [True, False]],
    ["constant", "float32", [0, 5], []],
    ["constant", "float16", [], [65504.0]],
    ["constant", "float64", [7], [0.5] * 7],
    ["constant", "float32", [1], [{"float": "nan"}]],
]


@st.composite
def graphs(draw: st.DrawFn) -> str:
    """The text of a graph: allowed operators on all sorts of arguments that fit their schemas."""
    nodes: list[Any] = [draw(st.sampled_from(_CONSTANTS)), draw(st.sampled_from(_CONSTANTS))]
    for _ in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(sorted(ALLOWED)))
        schema = schema_of(ALLOWED[name])
        count = 1 + len(nodes)
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for argument in schema.arguments:
            if argument.has_default_value() and draw(st.integers(0, 2)):
                if argument.kwarg_only:
                    continue
                break
            value = draw(_fitting(str(argument.real_type), count))
            if argument.kwarg_only:
                keywords[argument.name] = value
            else:
                positional.append(value)
        nodes.append([name, positional, keywords])
        if len(schema.returns) > 1:
            part = draw(st.integers(0, len(schema.returns) - 1))
            nodes.append(["item", {"ref": count}, part])
    document = {"inputs": 1, "nodes": nodes, "output": {"ref": len(nodes)}}
    return json.dumps(document)


def _fitting(expected: str, count: int) -> st.SearchStrategy[Any]:
    reference = st.builds(lambda ref: {"ref": ref}, st.sampled_from([0, 0, *range(count)]))
    if expected.startswith("Optional["):
        return st.none() | _fitting(expected[9:-1], count)
    if expected.startswith("List["):
        return st.lists(_fitting(expected[5:-1], count), max_size=4)
    return {
        "Tensor": reference,
        "number": _INTEGERS | _FLOATS | st.booleans() | _SIZES,
        "int": _INTEGERS | _SIZES,
        "float": _FLOATS,
        "bool": st.booleans(),
        "str": st.sampled_from(["none", "tanh", "floor", "trunc", "constant", "nuc"]),
        "ScalarType": st.sampled_from([{"dtype": n} for n in ("float32", "bool", "int64")]),
    }.get(expected, st.none())


@st.composite
def broken(draw: st.DrawFn, texts: list[str]) -> str:
    """A real graph in which a few values are others, or a few characters."""
    text = draw(st.sampled_from(texts))
    document = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        spot: Any = document
        while isinstance(spot, list | dict) and spot:
            place = draw(
                st.sampled_from(list(spot) if isinstance(spot, dict) else range(len(spot)))
            )
            if not isinstance(spot[place], list | dict) or draw(st.booleans()):
                # A copy: a later round may change within it what the next example is to be given.
                spot[place] = copy.deepcopy(draw(_scraps))
                break
            spot = spot[place]
    text = json.dumps(document)
    if draw(st.booleans()):
        return text
    start = draw(st.integers(0, len(text)))
    return text[:start] + draw(st.text(max_size=3)) + text[start + draw(st.integers(0, 3)) :]


_scraps = st.one_of(
    _INTEGERS,
    _FLOATS,
    st.none(),
    st.booleans(),
    st.text(max_size=4),
    st.sampled_from(sorted(ALLOWED)),
    st.builds(lambda ref: {"ref": ref}, st.integers(-1, 8)),
    st.lists(_INTEGERS | _SIZES, max_size=3),
    _SIZES,
    st.just([]),
    st.just({}),
)
