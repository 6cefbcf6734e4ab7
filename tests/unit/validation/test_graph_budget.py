"""The work and the memory of a graph, counted before anything is computed."""

import pytest
import torch
from support.graph_texts import text

from evo.validation.graph.graph import BudgetError, Graph, GraphError

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

    with pytest.raises(
        BudgetError, match=r"cost 4,032,0.*matmul.* of shape \(4000, 4000\)"
    ) as caught:
        graph.check_budget([(1, 1)])
    assert caught.value.operator == "aten.matmul.default"


def test_many_small_steps_add_up():
    graph = Graph.parse(text(*[["aten.sin.default", [{"ref": i}], {}] for i in range(400)]))

    with pytest.raises(GraphError, match="expected at most 39,999"):
        graph.check_budget([(100,)], elements=39_999)
    graph.check_budget([(100,)], elements=40_000)


def test_a_product_costs_a_sixteenth_of_its_inner_dimension_for_each_of_its_elements():
    graph = Graph.parse(
        '{"inputs":2,"nodes":[["aten.matmul.default",[{"ref":0},{"ref":1}],{}]],"output":{"ref":2}}'
    )

    graph.check_budget([(1, 1), (1, 500)], elements=500 + 500 // 16)
    graph.check_budget([(3, 160), (160, 5)], elements=3 * 5 * (1 + 10))
    with pytest.raises(GraphError, match="cost 165 elements"):
        graph.check_budget([(3, 160), (160, 5)], elements=3 * 5 * (1 + 10) - 1)


PAIRS = {
    "cdist": '["aten.cdist.default",[{"ref":0},{"ref":1}],{}]',
    "mse_loss": '["aten.mse_loss.default",[{"ref":2},{"ref":3}],{}]',
    "cosine_similarity": '["aten.cosine_similarity.default",[{"ref":2},{"ref":3},-1],{}]',
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_compares_all_pairs_costs_all_that_it_compares(name):
    nodes = [
        '["aten.unsqueeze.default",[{"ref":0},1],{}]',
        '["aten.unsqueeze.default",[{"ref":1},0],{}]',
        PAIRS[name],
    ]
    graph = Graph.parse(f'{{"inputs":2,"nodes":[{",".join(nodes)}],"output":{{"ref":4}}}}')

    with pytest.raises(BudgetError, match=f"9,000,000, aten.{name}"):
        graph.check_budget([(1000, 9), (1000, 9)], elements=1_000_000)


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
