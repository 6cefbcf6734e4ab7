import copy
import json

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.arguments import schema_of
from evo.validation.graph.graph import Graph, GraphError
from evo.validation.graph.safe import SAFE

NODES = [
    ["aten.sigmoid.default", [{"ref": 0}], {}],
    ["constant", "float32", [1], [0.5]],
    ["aten.mul.Tensor", [{"ref": 1}, {"ref": 2}], {}],
    ["aten.stack.default", [[{"ref": 3}, {"ref": 0}], -1], {}],
    ["aten.max.dim", [{"ref": 4}, -1], {}],
    ["item", {"ref": 5}, 0],
    ["aten.add.Tensor", [{"ref": 6}, {"float": "inf"}], {"alpha": 0.0}],
    ["aten.nan_to_num.default", [{"ref": 7}, 1.0, 2.0], {}],
    ["aten.to.dtype", [{"ref": 8}, {"dtype": "float32"}], {}],
    ["aten.clamp.default", [{"ref": 9}, None, 3], {}],
    ["aten.gelu.default", [{"ref": 10}], {"approximate": "tanh"}],
]


def text(*nodes, output: int | None = None, inputs: int = 1) -> str:
    last = inputs + len(nodes) - 1 if output is None else output
    return json.dumps({"inputs": inputs, "nodes": list(nodes), "output": {"ref": last}})


def test_a_graph_computes_what_its_nodes_say():
    graph = Graph.parse(text(*NODES[:3]))
    x = torch.linspace(-2, 2, 6)

    assert len(graph) == 2
    torch.testing.assert_close(graph(x), torch.sigmoid(x) * 0.5)


def test_the_text_of_a_graph_is_canonical():
    loose = json.dumps(json.loads(text(*NODES)), indent=3)

    graph = Graph.parse(loose)

    assert graph.text == Graph.parse(graph.text).text
    assert graph == Graph.parse(graph.text)
    assert " " not in graph.text


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_a_constant_may_hold_what_json_has_no_word_for(value):
    graph = Graph.parse(
        text(
            ["constant", "float32", [1], [{"float": value}]],
            [*NODES[2][:1], [{"ref": 0}, {"ref": 1}], {}],
        )
    )

    expected = torch.full((2,), float(value))
    torch.testing.assert_close(graph(torch.ones(2)), expected, equal_nan=True)
    assert Graph.parse(graph.text) == graph


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "int32", "bool"])
def test_constants_keep_dtype_and_shape(dtype):
    value = True if dtype == "bool" else 1.0 if "float" in dtype else 1

    graph = Graph.parse(text(["constant", dtype, [2, 1], [value, value]]))

    assert graph(torch.ones(1)).dtype == getattr(torch, dtype)
    assert graph(torch.ones(1)).shape == (2, 1)


PAIR = ["aten.max.dim", [{"ref": 0}, -1], {}]
SINE = ["aten.sin.default", [{"ref": 0}], {}]
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


BOMBS = {
    "expand": ["aten.expand.default", [{"ref": 0}, [10**9, 5, 7]], {}],
    "repeat": ["aten.repeat.default", [{"ref": 0}, [10**6, 100, 1]], {}],
    "new_full": ["aten.new_full.default", [{"ref": 0}, [10**13], 1.0], {}],
    "past int64": ["aten.new_zeros.default", [{"ref": 0}, [2**40, 2**40]], {}],
    "pad": ["aten.pad.default", [{"ref": 0}, [10**9, 10**9]], {}],
    "negative size": ["aten.new_zeros.default", [{"ref": 0}, [-5]], {}],
    "many dimensions": ["aten.new_zeros.default", [{"ref": 0}, [1] * 200 + [10**9]], {}],
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_without_being_built(name):
    graph = Graph.parse(text(BOMBS[name]))

    with pytest.raises(GraphError, match=BOMBS[name][0]):
        graph.check_budget([(5, 7)])


def test_a_matrix_product_counts_its_inner_dimension():
    rows = ["aten.expand.default", [{"ref": 0}, [4000, 4000]], {}]
    graph = Graph.parse(text(rows, ["aten.matmul.default", [{"ref": 1}, {"ref": 1}], {}]))

    with pytest.raises(GraphError, match="brings the graph to 64,0"):
        graph.check_budget([(1, 1)])


def test_many_small_steps_add_up():
    graph = Graph.parse(text(*[["aten.sin.default", [{"ref": i}], {}] for i in range(400)]))

    with pytest.raises(GraphError, match="expected at most 39,999"):
        graph.check_budget([(100,)], elements=39_999)
    graph.check_budget([(100,)], elements=40_000)


def test_a_product_costs_its_inner_dimension_for_each_of_its_elements():
    graph = Graph.parse(
        '{"inputs":2,"nodes":[["aten.matmul.default",[{"ref":0},{"ref":1}],{}]],"output":{"ref":2}}'
    )

    graph.check_budget([(1, 1), (1, 500)], elements=500)
    graph.check_budget([(3, 7), (7, 5)], elements=3 * 7 * 5)
    with pytest.raises(GraphError, match="to 105 elements"):
        graph.check_budget([(3, 7), (7, 5)], elements=3 * 7 * 5 - 1)


def test_the_budget_tells_the_form_of_the_output():
    to_double = ["aten.to.dtype", [{"ref": 0}, {"dtype": "float64"}], {}]

    form = Graph.parse(
        text(to_double, ["aten.sum.dim_IntList", [{"ref": 1}, [-1]], {}])
    ).check_budget([(5, 7)])

    assert form == ((5,), torch.float64)


def test_shapes_that_do_not_fit_are_refused():
    graph = Graph.parse(text(["aten.mm.default", [{"ref": 0}, {"ref": 0}], {}]))

    with pytest.raises(GraphError, match=r"aten.mm.default fails"):
        graph.check_budget([(5, 7)])
    with pytest.raises(GraphError, match="2 inputs"):
        graph.check_budget([(5, 7), (5, 7)])


def test_constants_follow_the_device_of_the_input():
    graph = Graph.parse(text(*NODES[:3]))

    assert graph(torch.empty(3, device="meta")).device.type == "meta"


def test_a_graph_takes_as_many_inputs_as_it_says():
    graph = Graph.parse(text(["aten.mul.Tensor", [{"ref": 0}, {"ref": 1}], {}], inputs=2))

    assert graph(torch.ones(2), torch.full((2,), 3.0)).tolist() == [3.0, 3.0]
    with pytest.raises(TypeError, match="expected 2"):
        graph(torch.ones(2))


@pytest.mark.parametrize("name", ALLOWED)
def test_an_allowed_operator_is_pure_and_deterministic(name):
    operator = ALLOWED[name]

    assert str(operator) == name
    assert name.startswith("aten.")
    assert not schema_of(operator).is_mutable
    assert not any(argument.is_out for argument in schema_of(operator).arguments)
    assert torch.Tag.nondeterministic_seeded not in operator.tags
    # Of those that may need values, only the uses that do not are kept: see the next test.
    assert torch.Tag.data_dependent_output not in operator.tags or name in SAFE
    assert torch.Tag.dynamic_output_shape not in operator.tags or name in SAFE


@pytest.mark.parametrize(
    "nodes",
    [
        [
            ["aten.gt.Scalar", [{"ref": 0}, 0], {}],
            ["aten.index.Tensor", [{"ref": 0}, [{"ref": 1}]], {}],
        ],
        [
            ["aten.argsort.default", [{"ref": 0}], {}],
            ["aten.one_hot.default", [{"ref": 1}], {}],
        ],
    ],
)
def test_an_operator_whose_result_has_a_size_by_values_is_refused(nodes):
    graph = Graph.parse(text(*nodes))

    with pytest.raises(GraphError, match=r"fails: .*(mask|num_classes)"):
        graph.check_budget([(5,)])
    with pytest.raises(RuntimeError):
        graph(torch.linspace(-1, 1, 5))


@pytest.mark.parametrize("index", [7, -8, 2**40])
def test_an_index_out_of_range_is_an_error(index):
    picked = ["aten.index.Tensor", [{"ref": 0}, [{"ref": 1}]], {}]
    graph = Graph.parse(text(["constant", "int64", [1], [index]], picked))

    with pytest.raises(IndexError):
        graph(torch.linspace(-1, 1, 7))


def test_the_table_of_operators_is_frozen():
    with pytest.raises(TypeError):
        ALLOWED["aten.rand.default"] = torch.ops.aten.rand.default  # type: ignore[index]


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
