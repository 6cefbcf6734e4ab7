"""Texts that are no graph, and texts of any kind: each is a graph or an error."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.graph_texts import NODES, PAIR, SINE, text

from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.arguments import schema_of
from evo.validation.graph.graph import Graph, GraphError

MALFORMED = {
    "not JSON": ("{", "JSON"),
    "no object": ("[]", "object"),
    "deep JSON": ("[" * 100_000, "JSON"),
    "long number": (
        text(["aten.mul.Tensor", [{"ref": 0}, 0], {}]).replace("0]", "9" * 5000 + "]"),
        "",
    ),
    "nan literal": (text(["aten.mul.Tensor", [{"ref": 0}, float("nan")], {}]), "Tensor"),
    "huge float": (
        text(["aten.mul.Tensor", [{"ref": 0}, 7.5], {}]).replace("7.5", "1e999"),
        "Tensor",
    ),
    "too long": (" " * 200_001, "bytes"),
    "extra key": ('{"inputs":1,"nodes":[],"output":{"ref":0},"x":1}', "object"),
    "no inputs": (text(inputs=0, output=0), "inputs"),
    "many inputs": (text(inputs=17), "inputs"),
    "inputs a flag": ('{"inputs":true,"nodes":[],"output":{"ref":0}}', "inputs"),
    "too many nodes": (text(*[SINE] * 501), "500 nodes"),
    "node no list": (text({"op": "aten.sin.default"}), "list"),
    "empty node": (text([]), "list"),
    "unknown operator": (
        text(["aten.rand_like.default", [{"ref": 0}], {}]),
        "aten.rand_like.default",
    ),
    "in place": (text(["aten.sin_.default", [{"ref": 0}], {}]), "aten.sin_.default"),
    "out variant": (text(["aten.sin.out", [{"ref": 0}], {}]), "aten.sin.out"),
    "other library": (text(["prims.sin.default", [{"ref": 0}], {}]), "prims.sin"),
    "dunder": (text(["__class__", [{"ref": 0}], {}]), "__class__"),
    "name no text": (text([3, [{"ref": 0}], {}]), "name"),
    "forward reference": (text(["aten.sin.default", [{"ref": 1}], {}]), "earlier"),
    "negative reference": (text(["aten.sin.default", [{"ref": -1}], {}]), "earlier"),
    "reference a flag": (text(["aten.sin.default", [{"ref": False}], {}]), "Tensor"),
    "output forward": (text(SINE, output=5), "earlier"),
    "output a number": ('{"inputs":1,"nodes":[],"output":0}', "reference"),
    "no argument": (text(["aten.sin.default", [], {}]), "'self' is missing"),
    "too many arguments": (text(["aten.sin.default", [{"ref": 0}, 1], {}]), "at most 1"),
    "only numbers": (text(["aten.sin.default", [1.0], {}]), "at least one value"),
    "unknown keyword": (text(["aten.sin.default", [{"ref": 0}], {"out": 1}]), "'out'"),
    "device": (text(["aten.zeros_like.default", [{"ref": 0}], {"device": "cuda"}]), "device"),
    "value as keyword": (
        text(["aten.add.Tensor", [{"ref": 0}, 1], {"alpha": {"ref": 0}}]),
        "alpha",
    ),
    "word": (text(["aten.gelu.default", [{"ref": 0}], {"approximate": "rm"}]), "approximate"),
    "text for a tensor": (text(["aten.add.Tensor", [{"ref": 0}, "1"], {}]), "Tensor"),
    "flag for a size": (text(["aten.sum.dim_IntList", [{"ref": 0}, [True]], {}]), "int"),
    "number for a list": (text(["aten.sum.dim_IntList", [{"ref": 0}, 1], {}]), "list"),
    "size past int64": (text(["aten.select.int", [{"ref": 0}, 0, 2**63], {}]), "int"),
    "mixed list": (text(["aten.cat.default", [[{"ref": 0}, 2.0]], {}]), "reference"),
    "unknown dtype": (
        text(["aten.to.dtype", [{"ref": 0}, {"dtype": "complex64"}], {}]),
        "ScalarType",
    ),
    "arguments no list": (text(["aten.sin.default", {"self": 0}, {}]), "list"),
    "item of a tensor": (text(["item", {"ref": 0}, 0]), "no part"),
    "item past the end": (
        text([*NODES[4][:1], [{"ref": 0}, -1], {}], ["item", {"ref": 1}, 2]),
        "part",
    ),
    "pair as tensor": (text(PAIR), "holds 2 tensors"),
    "constant dtype": (text(["constant", "object", [1], [1]]), "dtype"),
    "constant shape": (text(["constant", "float32", [-1], [1.0]]), "sizes"),
    "constant count": (text(["constant", "float32", [3], [1.0]]), "values"),
    "constant rank": (text(["constant", "float32", [1] * 99, [1.0]]), "values"),
    "constant text": (text(["constant", "float32", [1], ["1"]]), "element"),
    "constant int in float": (text(["constant", "float32", [1], [1]]), "element"),
    "constant float in int": (text(["constant", "int64", [1], [1.0]]), "element"),
    "constant past int32": (text(["constant", "int32", [1], [2**40]]), "constant"),
    "constants too large": (text(*[["constant", "float32", [1500], [0.0] * 1500]] * 3), "4,096"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_text_is_refused_with_what_is_wrong(name):
    malformed, words = MALFORMED[name]

    with pytest.raises(GraphError) as error:
        Graph.parse(malformed)

    assert words in str(error.value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["constant", "item", "ref", "float32", *list(ALLOWED)[::40]])
    | st.fixed_dictionaries({"ref": st.integers(-1, 12)}),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["inputs", "nodes", "output", "ref", "dtype"]), inner)
    ),
    max_leaves=12,
)


def never_crashes(document: object) -> None:
    try:
        graph = Graph.parse(json.dumps(document))
        assert Graph.parse(graph.text).text == graph.text
        graph.check_budget([(2, 3)] * graph.inputs)
    except GraphError as error:
        assert str(error)


@given(JSON, st.lists(JSON, max_size=3))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_json_is_a_graph_or_a_graph_error(document, nodes):
    never_crashes(document)
    never_crashes({"inputs": 1, "nodes": nodes, "output": {"ref": len(nodes)}})


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_mutated_graph_is_a_graph_or_a_graph_error(data):
    document = copy.deepcopy(json.loads(text(*NODES)))
    for _ in range(data.draw(st.integers(1, 3))):
        spot = document["nodes"]
        while isinstance(spot, list) and spot:
            place = data.draw(st.integers(0, len(spot) - 1))
            if not isinstance(spot[place], list) or data.draw(st.booleans()):
                spot[place] = data.draw(JSON)
                break
            spot = spot[place]

    never_crashes(document)


@given(st.sampled_from(sorted(ALLOWED)), st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_allowed_operator_with_fitting_arguments_has_a_form_or_an_error(name, data):
    arguments = {
        "Tensor": st.just({"ref": 0}),
        "number": st.sampled_from([0, 1, -2, 0.5, True, 10**9, {"float": "nan"}]),
        "int": st.sampled_from([0, 1, -1, 3, 10**9, -(2**63)]),
        "float": st.sampled_from([0.0, 0.5, 1e30]),
        "bool": st.booleans(),
        "str": st.sampled_from(["none", "tanh", "floor", "constant"]),
        "ScalarType": st.sampled_from([{"dtype": "float32"}, {"dtype": "bool"}]),
        "List[int]": st.lists(st.sampled_from([0, 1, -1, 2, 10**9]), max_size=3),
        "List[Tensor]": st.just([{"ref": 0}]),
        "List[Optional[Tensor]]": st.lists(st.sampled_from([{"ref": 0}, None]), max_size=3),
    }
    types = [
        str(argument.real_type)
        for argument in schema_of(ALLOWED[name]).arguments
        if not argument.kwarg_only and not argument.has_default_value()
    ]
    positional = [
        data.draw(arguments[type_ if type_ in arguments else type_[len("Optional[") : -1]])
        for type_ in types
    ]

    never_crashes({"inputs": 1, "nodes": [[name, positional, {}]], "output": {"ref": 1}})
