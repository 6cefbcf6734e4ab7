import json

import pytest
import torch
from support.graph_texts import NODES, text

from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.arguments import schema_of
from evo.validation.graph.graph import Graph, GraphError
from evo.validation.graph.safe import SAFE


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


FACTORED = {
    "linalg_svdvals": [],
    "linalg_eigvalsh": [],
    "linalg_pinv": [1e-6],
    "linalg_inv": [],
    "inverse": [],
    "linalg_cholesky": [],
    "linalg_solve": [{"ref": 0}],
    "logdet": [],
}


@pytest.mark.parametrize("name", FACTORED)
@pytest.mark.parametrize("broken", [float("nan"), float("inf"), 0.0])
def test_a_matrix_that_cannot_be_factored_harms_no_other_copy(name: str, broken: float) -> None:
    graph = Graph.parse(text([f"aten.{name}.default", [{"ref": 0}, *FACTORED[name]], {}]))
    rows = torch.randn(3, 5, 5, generator=torch.Generator().manual_seed(0))
    copies = rows @ rows.mT + torch.eye(5)
    others = torch.func.vmap(graph)(copies[::2])
    copies[1] = broken

    together = torch.func.vmap(graph)(copies)

    torch.testing.assert_close(together[::2], others)
    if broken != 0:
        assert not torch.isfinite(together[1]).all()
