"""Exported files of components that take inputs by naming a parameter."""

from typing import Any

import numpy as np
import pytest
import torch
from optional_inputs import SOURCES
from support.components import traced_kind
from torch import nn

from evo.api.codegen.component_file import ComponentOrigin, component_file
from evo.components.kinds import kinds
from evo.core.records import Candidate, Record


@pytest.mark.parametrize("kind", SOURCES)
def test_an_exported_file_takes_them_too(kind: str) -> None:
    graph = traced_kind(kind, SOURCES[kind])
    candidate = Candidate.of(kind, SOURCES[kind], operator="test")
    record = Record(candidate, 0, graphs=(graph.text,))
    namespace: dict[str, object] = {}

    exec(
        component_file(record, kinds.get(kind)(), ComponentOrigin("r", ("t",), (), "0")), namespace
    )

    # An exported file draws as torch does; so few weights need a draw that is known.
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Linear(3, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    if kind == "schedule":
        schedule = namespace["Schedule"](optimizer, 8, batch_size=128)
        assert schedule.get_last_lr() == pytest.approx([0.5])
    elif kind == "loss":
        loss = namespace["Loss"](torch.tensor([9.0, 1.0, 90.0]))
        assert loss(torch.zeros(2, 3), torch.tensor([1, 1])) == pytest.approx(np.log(100), rel=1e-4)
    elif kind == "initializer":
        namespace["initialize_model"](model)
        assert model[1].weight.std() > 1.2 * model[0].weight.std()
    elif kind == "normalization":
        made, own, x = namespace["Normalization"](4), nn.BatchNorm1d(4), 3 + 2 * torch.randn(50, 4)
        torch.testing.assert_close(made(x), own(x))
        torch.testing.assert_close(made.eval()(x), own.eval()(x), rtol=0.01, atol=0.01)
    elif kind == "activity-regularizer":
        hidden = model[0](torch.randn(5, 4))
        outputs, penalty = model[1](hidden), namespace["ActivityRegularizer"]()
        alone, with_losses = (
            penalty(hidden, outputs, losses=losses) for losses in (None, outputs.square().sum(1))
        )
        assert with_losses > alone > 0
        penalty.progress = 1.0
        assert penalty(hidden, outputs) == 0
    elif kind.endswith("optimizer"):
        made = namespace["Optimizer" if kind == "optimizer" else "MatrixOptimizer"]
        first, second, again = (stepped(made, seed) for seed in (0, 1, 1))
        assert not torch.equal(first, second)
        assert torch.equal(second, again)
    elif kind == "regularizer":
        penalty = namespace["Regularizer"]()
        assert penalty(model) > 0
        penalty.progress = 1.0
        assert penalty(model) == 0
    else:
        name = "".join(word.title() for word in kind.split("-")).replace("Parametric", "")
        made = namespace[name](*([4] if "p, h" in SOURCES[kind] else []))
        given = [torch.randn(200, 4)] * (3 if kind == "attention" else 1)
        assert not torch.equal(made(*given), made(*given))
        made.eval()
        assert torch.equal(made(*given), made(*given))


def stepped(optimizer: Any, seed: int) -> torch.Tensor:
    """Weights of one layer after one step, with noise of this seed."""
    layer = nn.Linear(4, 3)
    nn.init.ones_(layer.weight)
    layer(torch.ones(2, 4)).sum().backward()
    torch.manual_seed(seed)
    optimizer(layer.parameters(), lr=0.1).step()
    return layer.weight.detach()
