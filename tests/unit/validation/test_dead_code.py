"""Code of libraries that no call of a component reaches, and what is refused only where it runs."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.components.kinds import kinds
from evo.validation.graph.recording import TraceError
from evo.validation.policy.rules import check_source
from evo.validation.refusal import Refused

CONTRACT = kinds.get("activation").contract
GATHERED = """import torch
import torch.distributed as dist

class Bend(torch.nn.Module):
    def forward(self, x):
        return spread(x) * (1 + shared(x))

    def fit(self, model, optimizer, labels: torch.LongTensor):
        if model.kind == "labelled":
            optimizer.zero_grad()
        fake = model(torch.randn(3, model.width), labels)
        fake.mean().backward()
        optimizer.step()
        return fake.item()

def shared(x):
    y = 0.1 * x
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(y)
        y /= dist.get_world_size()
    if torch.is_autocast_enabled():
        y = y.to(torch.get_autocast_gpu_dtype())
    if x.device.type == "cuda":
        y = y.cuda()
    return y

def spread(x):
    if not x.is_sparse:
        return x.tanh()
    x = x.coalesce()
    return torch.sparse_coo_tensor(x.indices(), x.values(), x.size())

def activation(x):
    return Bend()(x)
"""
NUMPY = """import torch

def picked(x):
    return torch.nonzero(x)

def activation(x):
    if x.dim() > {most}:
        x = x.numpy()
        x = picked(x)
    return x.sin()
"""


def test_branches_for_other_machines_and_unused_methods_are_no_part_of_what_runs() -> None:
    reduced = check_source(GATHERED, CONTRACT)
    graph = traced_kind("activation", reduced)

    assert reduced.count("\n") == GATHERED.count("\n")
    gone = ("dist", "cuda", "autocast", "zero_grad", "coalesce")
    assert not any(word in reduced for word in gone)
    x = torch.linspace(-2.0, 2.0, 12).reshape(3, 4)
    torch.testing.assert_close(graph(x), x.tanh() * (1 + 0.1 * x))
    torch.testing.assert_close(as_function("activation", GATHERED)(x), graph(x))


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ("if torch.is_autocast_enabled():\n        x = open('a')", "open"),
        ("if x.is_cuda:\n        torch.load('a')", "load"),
        ("if x.is_cuda:\n        x = x.__class__(3)", "__class__"),
        ("if not x.is_sparse:\n        return x\n    torch.hub.list('a')", "hub"),
    ],
)
def test_what_a_branch_for_another_machine_does_is_still_read(lines: str, word: str) -> None:
    source = f"import torch\ndef activation(x):\n    {lines}\n    return x"
    with pytest.raises(Refused, match=rf"line \d: .*{word}"):
        check_source(source, CONTRACT)


@pytest.mark.parametrize(
    "body",
    [
        "torch.save(x, 'a')",
        "model = torch\n        model.hub.list('a')",
        "model.__globals__",
        "model._os.system('a')",
    ],
)
def test_what_an_unused_method_does_is_still_read(body: str) -> None:
    source = (
        "import torch\nclass A:\n    def __call__(self, x):\n        return x.sin()\n"
        f"    def fit(self, x, model):\n        {body}\nact = A()\n"
        "def activation(x):\n    return act(x)\n"
    )
    with pytest.raises(Refused, match=r"line \d: "):
        check_source(source, CONTRACT)


@pytest.mark.parametrize(
    "method",
    ["def reset_parameters(self):\n        self.eps = 0.5", "def __len__(self):\n        return 3"],
)
def test_a_method_that_torch_or_python_calls_stays(method: str) -> None:
    source = (
        f"import torch\nclass A(torch.nn.LayerNorm):\n    {method}\n"
        "def activation(x):\n    return A(3)(x)\n"
    )
    assert method.partition("(")[0] in check_source(source, CONTRACT)


def test_a_name_that_no_component_can_use_is_refused_where_it_runs_and_nowhere_else() -> None:
    never = NUMPY.format(most=9)
    graph = traced_kind("activation", check_source(never, CONTRACT))
    torch.testing.assert_close(graph(torch.ones(2, 3)), torch.ones(2, 3).sin())

    always = NUMPY.format(most=0)
    reduced = check_source(always, CONTRACT)
    with pytest.raises(TraceError, match=r"line 8: `.numpy` is not allowed; stay with tensors"):
        traced_kind("activation", reduced)


def test_what_stands_within_what_is_left_out_goes_with_it() -> None:
    source = (
        "import warnings\nimport torch\n"
        "class A:\n    def __call__(self, x):\n        return x.sin()\n"
        "    def __repr__(self):\n        if torch.jit.is_scripting():\n"
        "            warnings.warn('a')\n"
        "        return 'A'\nact = A()\ndef activation(x):\n    if x.is_cuda:\n"
        "        if x.is_sparse:\n            x = x.cuda().numpy()\n    return act(x)\n"
    )
    graph = traced_kind("activation", check_source(source, CONTRACT))
    torch.testing.assert_close(graph(torch.ones(2, 3)), torch.ones(2, 3).sin())


def test_a_way_by_a_tensor_that_may_not_run_is_not_left_out_as_a_check_is() -> None:
    source = (
        "import torch\ndef regularize(w):\n    if w.sum() > 0:\n        w = w.numpy()\n"
        "    return w.square().sum()\n"
    )
    reduced = check_source(source, kinds.get("regularizer").contract)
    with pytest.raises(TraceError, match=r"line 4: `.numpy` is not allowed"):
        traced_kind("regularizer", reduced)


@pytest.mark.parametrize(
    "source",
    [
        "def activation(x):\n    return x.numpy()",
        "def activation(x):\n    try:\n        if x.dim() > 0:\n            x = x.numpy()\n"
        "    except:\n        pass\n    return x",
        "def activation(x):\n    try:\n        if x.dim() > 0:\n            x = x.numpy()\n"
        "    finally:\n        return x",
        "import torch\ndef activation(x):\n    if x.dim() > 9:\n        torch.load('a')\n"
        "    return x",
        "def activation(x):\n    if x.dim() > 9:\n        x.numpy(); x.save()\n    return x",
        "def activation(x):\n    if x.dim() > 9:\n        __refused__('a')\n    return x",
        "import torch\ndef activation(x):\n    if x.dim() > 9:\n"
        "        x = torch.load('a').numpy()\n    return x",
    ],
)
def test_what_might_run_all_the_same_is_refused_at_once(source: str) -> None:
    with pytest.raises(Refused, match=r"line \d: "):
        check_source(source, CONTRACT)
