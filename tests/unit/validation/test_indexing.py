"""Writes at places that integers name: the graph means what eager does, at every size."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.validation.graph.graph import BudgetError, Graph, GraphError

KIND = "preprocessor"
SIZES = ((4, 12), (1, 2), (1, 7), (7, 2), (3, 3), (2, 40), (33, 5))
DIAGONAL = "i = torch.arange(min(x.shape))"
LARGEST = ("n, d = x.shape", "k = x.argmax(1)", "y = x.clone()")
WRITES = {
    "a number into a diagonal": ["y = x * 2", DIAGONAL, "y[i, i] = 1.0"],
    "a diagonal": ["y = x * 2", DIAGONAL, "y[i, i] = x[i, i].sin()"],
    "in place into a diagonal": ["y = x * 2", DIAGONAL, "y[i, i] += 1.0"],
    "one entry of each row": [*LARGEST, "y[torch.arange(n), k] = 0.0"],
    "one entry of each row, less": [*LARGEST, "y[torch.arange(n), k] -= 0.35"],
    "one entry by a range": [*LARGEST, "y[range(n), k] *= 0.5"],
    "one entry by a range of `len`": [*LARGEST, "y[range(len(x)), k] = x[range(len(x)), 0]"],
    "a range and a loop over it": [
        "r = range(min(len(x), 3))",
        "y = x.clone()",
        "y[r] = x[r] * 2",
        "for i in r: y = y + i",
    ],
    "some columns": ["y = x.clone()", "y[:, torch.arange(0, x.shape[1], 2)] *= 0.5"],
    "columns from the second on": [
        "y = x.clone()",
        "y[:, 1:][:, torch.arange(x.shape[1] - 1)] = 0.0",
        "i = torch.arange(len(x))",
        "y[i, 1:] = x[i, 1:].tanh()",
    ],
    "rows in another order": ["y = torch.zeros_like(x)", "y[x[:, 0].argsort()] = x"],
    "entries of a row in another order": [
        "y = torch.empty_like(x)",
        "y[torch.arange(len(x))[:, None], x.argsort(1)] = x",
    ],
    "a row of numbers into all": ["y = x.clone()", "y[torch.arange(len(x))] = x[:1]"],
    "with dimensions of one": ["y = x.clone()", "y[torch.arange(len(x))] = x[None, None, 0]"],
    "after an ellipsis": ["y = x.clone()", "y[..., torch.arange(x.shape[-1])] = x.cos()"],
    "a list": ["y = x.clone()", "y[[0, -1]] = x[[-1, 0]] + 1"],
    "into a view": ["y = x * 2", "y.t()[torch.arange(x.shape[1])] = x.t().exp()"],
    "sums": ["y = x * 1", "y.index_put_((torch.arange(len(x)) // 2,), x, accumulate=True)"],
    "sums by a mask": ["y = x * 1", "y.index_put_((x > 0,), torch.ones(()), accumulate=True)"],
    "rows by a mask": ["y = x.clone()", "y[x[:, 0] > 0] = 0.0", "y[x.sum(1) < 0] = x[0]"],
    "rows by a mask, in place": [
        "m = x.norm(dim=1) > 2",
        "y = x.clone()",
        "y[m] *= 0.5",
        "y[~m] = x[~m].sin() + x[x[:, 0] < 9].mean() * x[~m].prod() - x[m].sum()",
    ],
    "off the diagonal": [
        "g = x @ x.T",
        "m = ~torch.eye(len(x), dtype=torch.bool)",
        "y = x + g[m].pow(2).sum() + g[~m].mean() + torch.masked_select(g, m).abs().sum()",
    ],
    "a row that a tensor picks": ["y = x * x[x.abs().sum(1).argmax()]"],
    "a column that a tensor picks": [
        "j = torch.max(x.sum(0), 0).indices",
        "y = x + x[:, j].sin()[:, None] * x[..., j, None] + x[x[:, 0].argmin(), j]",
    ],
    "a place from the end, beside numbers and slices": [
        "j = x.sum(0).argmax() - x.shape[1]",
        "y = x + x[0, j] + x[-1:, j] + x[None, :, j, None].mean() + x[1:, j].sum()",
    ],
    "into a row that a tensor picks": [
        "i = x.norm(dim=1).argmin()",
        "y = x.clone()",
        "y[i] = x[i] * 2 + x[-1]",
        "y[i] += 1",
        "y[i, :] *= x[0]",
    ],
    "into a column that a tensor picks": [
        "j = x.sum(0).argmax() - x.shape[1]",
        "y = x.clone()",
        "y[:, j] = x[:, 0].cos()",
        "y[..., j] -= 0.5",
    ],
    "into the end": ["y = x.clone()", "y[-1:] += x[:1]", "y[:, -2:] = x[:, :2] * 3"],
    "up to the end": ["y = x * 1", "y[:, :-1] = x[:, 1:]", "y[:-1] *= 2.0"],
    "index_select by one place": [
        "j = x.sum(0).argmax()",
        "y = x * x.index_select(1, j) + x.index_fill(1, j, 0.5)",
        "y = y.index_add(1, j, x[:, :1]).index_copy(1, j, y[:, -1:])",
    ],
    "index_add": ["y = x.index_add(1, torch.arange(x.shape[1]), x.sin(), alpha=2)"],
    "index_copy": ["y = x.index_copy(0, torch.arange(len(x)).flip(0), x.cos())"],
    "index_fill": ["y = x.clone().index_fill_(1, torch.arange(0, x.shape[1], 3), 0.5)"],
}


def source(*lines: str) -> str:
    body = "".join(f"    {line}\n" for line in (*lines, "return y"))
    return f"import torch\ndef preprocess(x):\n{body}"


@pytest.mark.parametrize("name", WRITES)
def test_a_write_at_places_means_what_it_means_in_eager_at_every_size(name):
    text = source(*WRITES[name])
    graph, function = traced_kind(KIND, text), as_function(KIND, text)

    for size in SIZES:
        values = torch.randn(size, generator=torch.Generator().manual_seed(1))
        x, y = values.clone().requires_grad_(), values.clone().requires_grad_()
        got, expected = graph(x), function(y)

        torch.testing.assert_close(got, expected)
        weights = torch.linspace(0.5, 2.0, got.numel()).reshape(size)
        torch.testing.assert_close(
            torch.autograd.grad((got * weights).sum(), x),
            torch.autograd.grad((expected * weights).sum(), y),
        )


@pytest.mark.parametrize(
    "lines",
    [
        (*LARGEST, "y[torch.arange(n), k] = x.mean(1)"),
        *(tuple(WRITES[name]) for name in WRITES if "a tensor picks" in name or " end" in name),
        tuple(WRITES["index_select by one place"]),
    ],
)
def test_copies_under_vmap_write_at_their_own_places(lines: tuple[str, ...]):
    graph = traced_kind(KIND, source(*lines))
    x = torch.randn((3, 4, 6), generator=torch.Generator().manual_seed(1))

    torch.testing.assert_close(torch.func.vmap(graph)(x), torch.stack([graph(one) for one in x]))


def written(*indices: str, shape: str = "[50,50]") -> Graph:
    """A graph that makes a table and writes 0 at the places that two indices name."""
    nodes = [
        f'["aten.new_zeros.default",[{{"ref":0}},{shape}],{{}}]',
        '["aten.new_zeros.default",[{"ref":0},[40,1]],{"dtype":{"dtype":"int64"}}]',
        '["aten.new_zeros.default",[{"ref":0},[1,40]],{"dtype":{"dtype":"int64"}}]',
        '["aten.sum.default",[{"ref":0}],{}]',
        f'["aten.index_put.default",[{{"ref":1}},[{",".join(indices)}],{{"ref":4}}],{{}}]',
    ]
    return Graph.parse(f'{{"inputs":1,"nodes":[{",".join(nodes)}],"output":{{"ref":5}}}}')


COLUMN, ROW = '{"ref":2}', '{"ref":3}'


@pytest.mark.parametrize(
    ("indices", "picked"),
    [((COLUMN,), 40 * 50), ((COLUMN, ROW), 40 * 40), (("null", COLUMN), 50 * 40)],
)
def test_every_place_that_is_written_counts(indices: tuple[str, ...], picked: int):
    graph = written(*indices)
    cost = 2 * 50 * 50 + 40 + 40 + 1 + picked

    graph.check_budget([(1, 1)], elements=cost)
    with pytest.raises(BudgetError, match=f"cost {cost:,} elements"):
        graph.check_budget([(1, 1)], elements=cost - 1)


def test_values_that_do_not_fit_their_places_are_found_before_anything_is_computed():
    graph = Graph.parse(written(COLUMN).text.replace("aten.sum.default", "aten.ravel.default"))

    graph.check_budget([(1, 50)])
    with pytest.raises(GraphError, match="index_put"):
        graph.check_budget([(1, 51)])


def test_a_mask_among_the_places_is_refused():
    graph = Graph.parse(written(COLUMN, ROW).text.replace('"int64"', '"bool"'))

    with pytest.raises(GraphError, match="depends on values"):
        graph.check_budget([(1, 1)])
