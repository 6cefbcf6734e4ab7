"""What the policy refuses costs nothing where it never runs, and is refused where it does."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.components.kinds import kinds
from evo.validation.graph.recording import TraceError
from evo.validation.policy.rules import check_source
from evo.validation.refusal import Refused

CONTRACT = kinds.get("activation").contract

HONEST = {
    "arrays of numpy": (
        "import numpy as np\nimport torch\nEither = np.ndarray | torch.Tensor\n"
        "def soft(x: Either) -> Either:\n    if isinstance(x, np.ndarray):\n"
        "        return np.logaddexp(np.zeros_like(x), x).tofile2('a')\n"
        "    return torch.nn.functional.softplus(x)\n"
        "def activation(x):\n    return soft(x)\n"
    ),
    "a class that no way needs": (
        "import torch\nclass Rounding(torch.autograd.Function):\n    @staticmethod\n"
        "    def forward(ctx, x):\n        return x.floor() + torch.rand_like(x)\n"
        "class Act(torch.nn.Module):\n    def __init__(self, drawn=False):\n"
        "        super().__init__()\n        self.drawn = drawn\n"
        "    def forward(self, x):\n        if self.drawn: x = Rounding.apply(x)\n"
        "        return x.sin()\n"
        "def activation(x):\n    return Act()(x)\n"
    ),
    "a type of another module": (
        "import torch\nfrom torch.distributed.tensor import DTensor\n"
        "def local(x):\n    if isinstance(x, (DTensor, float)):\n"
        "        return x.to_local()\n    return x\n"
        "def activation(x):\n    return local(x).cos()\n"
    ),
    "settings of a script": (
        "import torch\nif torch.cuda.is_available():\n"
        "    torch.backends.cudnn.benchmark = True\n    device = torch.device('cuda:0')\n"
        "else:\n    device = torch.device('cpu')\ntorch.manual_seed(0)\n"
        "def activation(x):\n    return x.to(device).tanh()\n"
    ),
    "a branch by elif": (
        "def bent(x, way):\n    if way == 0:\n        return x.sin()\n"
        "    elif way == 1:\n        return x.cuda()\n    return x\n"
        "def activation(x):\n    return bent(x, 0)\n"
    ),
    "a test that cannot be asked": (
        "def bent(x, way='sin'):\n    if way == 'sin':\n        return x.sin()\n"
        "    elif x.is_pinned():\n        return x\n    return x.cos()\n"
        "def activation(x):\n    return bent(x)\n"
    ),
    "several on a line": (
        "def bent(x, way=0):\n    if way: a = x.u(); b = a.v(); c = 'é'; x = b.w(a); del c\n"
        "    return x.sin()\ndef activation(x):\n    return bent(x)\n"
    ),
    "as many as a file holds": (
        "def bent(x, way=0):\n    if way == 1:\n"
        + "".join(f"        x = x.u{place}()\n" for place in range(300))
        + "    return x.sin()\ndef activation(x):\n    return bent(x)\n"
    ),
    "tabs": (
        "class Act:\n\tdef __call__(self, x):\n\t\tif x.dim() > 9:\n\t\t\tx = x.numpy()\n"
        "\t\treturn x.sin()\n\tdef __repr__(self):\n\t\treturn 'Act'\n"
        "def activation(x):\n\treturn Act()(x)\n"
    ),
    "a generator that nobody asks": (
        "import torch\nclass Act(torch.nn.Module):\n    def parts(self):\n"
        "        for name in self._modules:\n            yield name\n"
        "    def forward(self, x):\n        return x.sin()\n"
        "act = Act()\nparts = act.parts\ndef activation(x):\n    return act(x)\n"
    ),
    "a set to compare with": (
        "import torch\ndef activation(x):\n    if x.dtype in {torch.float16, torch.bfloat16}:\n"
        "        x = x.float()\n    return x.sin()\n"
    ),
    "getattr of a tensor": (
        "def activation(x):\n    return x if getattr(x, '_is_scale', False) else x.sin()\n"
    ),
    "prints": (
        "def activation(x):\n    if x.dim() > 9:\n        print(x)\n    print('a', x.shape)\n"
        "    return x.sin()\n"
    ),
    "del and while": (
        "def activation(x):\n    y, i = x.sin(), 0\n    while i < 3:\n        y = y + 0.1 * x\n"
        "        i += 1\n    del x\n    return y\n"
    ),
    "a script of torch": (
        "import torch\nclass Act(torch.nn.Module):\n    kept: torch.jit.Final[bool]\n"
        "    def forward(self, x):\n        return x.sin()\nact = torch.jit.script(Act())\n"
        "def activation(x):\n    return act(x)\n"
    ),
    "its only argument by another name": (
        "import torch\nclass Act(torch.nn.Module):\n    def forward(self, input):\n"
        "        return input.sin()\nactivation = Act()\n"
    ),
    "a class within a class": (
        "import torch\nclass Act(torch.nn.Module):\n    class F(torch.autograd.Function):\n"
        "        @staticmethod\n        def forward(ctx, x):\n"
        "            ctx.save_for_backward(x)\n            return x.sin()\n"
        "        @staticmethod\n        def backward(ctx, above):\n"
        "            return above * ctx.saved_tensors[0].cos()\n"
        "    def forward(self, x):\n        return self.F.apply(x)\n"
        "def activation(x):\n    return Act()(x)\n"
    ),
    "a backward under no_grad": (
        "import torch\nclass F(torch.autograd.Function):\n    @staticmethod\n"
        "    def forward(ctx, x):\n        ctx.save_for_backward(x)\n        return x.relu()\n"
        "    @staticmethod\n    def backward(ctx, above):\n        (x,) = ctx.saved_tensors\n"
        "        with torch.no_grad():\n            slope = x.sigmoid() * above\n"
        "        return slope\ndef activation(x):\n    return F.apply(x)\n"
    ),
    "a backward that writes into what is saved": (
        "import torch\nclass F(torch.autograd.Function):\n    @staticmethod\n"
        "    def forward(ctx, x):\n        ctx.kept = (x.sigmoid(), 2)\n        return x.relu()\n"
        "    @staticmethod\n    def backward(ctx, above):\n        kept, factor = ctx.kept\n"
        "        return kept.mul_(factor).mul_(above)\ndef activation(x):\n    return F.apply(x)\n"
    ),
    "the angle of a number": (
        "import torch\ndef activation(x):\n    return x * torch.cos(x.angle()) + torch.angle(x)\n"
    ),
    "a shape and a type of others": (
        "import torch\ndef activation(x):\n"
        "    return x.reshape(-1).sin().reshape_as(x) * (x > 0).to(torch.int8)\n"
    ),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning", "ignore:'kept' was found")
@pytest.mark.parametrize("name", HONEST)
def test_what_never_runs_costs_nothing(name: str) -> None:
    source = HONEST[name].replace(".tofile2('a')", "")
    reduced = check_source(source, CONTRACT)
    graph, eager = traced_kind("activation", reduced), as_function("activation", source)
    assert reduced.count("\n") == source.count("\n")
    for shape in ((5, 7), (3, 2, 4, 4)):
        x = torch.linspace(-3.0, 3.0, torch.Size(shape).numel()).reshape(shape).requires_grad_()
        results = [component(x) for component in (graph, eager)]
        torch.testing.assert_close(*results)
        slopes = [torch.autograd.grad(one.sum(), x)[0] for one in results]
        torch.testing.assert_close(*slopes)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(x, way):\n    if way:\n        x = x.cuda()\n    return x\n"
         "def activation(x):\n    return f(x, True)\n", "line 3: `.cuda` is not allowed"),
        ("def f(x, way):\n    if way == 0: x = x.no_such(); x = 2 * x\n    return x\n"
         "def activation(x):\n    return f(x, 0)\n", "line 2: `.no_such` is not allowed"),
        ("def f(x):\n    try:\n        if x.dim():\n            x = x.cuda()\n"
         "    except Exception:\n        pass\n    return x\n"
         "def activation(x):\n    return f(x)\n", "line 4: `.cuda` is not allowed"),
        ("class A:\n    @classmethod\n    def put(cls, x):\n        cls.x = x\n"
         "def activation(x):\n    return A.put(x)\n", "line 4: `.x` cannot be assigned"),
        ("def activation(x):\n    return x if getattr(x, 'grad_fn', None) else x.sin()\n",
         "line 2: `getattr` is for what a tensor may have of its own"),
        ("import torch\ndef activation(x):\n    return getattr(torch, 'loaded', x).sin()\n",
         "line 3: `getattr` is for what a tensor may have of its own"),
        ("import torch\nfrom torch.nn import Dropout\nact = Dropout(0.5)\n"
         "def activation(x):\n    return act(x)\n", "not allowed|random"),
    ],
)  # fmt: skip
def test_what_runs_is_refused_there_and_no_except_holds_it(source: str, message: str) -> None:
    reduced = check_source(source, CONTRACT)

    with pytest.raises(TraceError, match=message):
        traced_kind("activation", reduced)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        # Sure to run: the cause is told, and no process is spent.
        ("import copy\ndef activation(x):\n    return copy.copy(x)\n", "line 1: import of `copy`"),
        ("import torch\nact = torch.nn.PReLU()\ndef activation(x):\n    return act(x)\n",
         "line 2: `.PReLU` is not allowed"),
        ("def helper(x):\n    return x.cuda()\ndef activation(x):\n    return helper(x)\n",
         "line 2: `.cuda` is not allowed"),
        ("def activation(x):\n    for _ in range(3):\n        x = x.no_such()\n    return x\n",
         "line 3: `.no_such`"),
        # Harmful where people run the file.
        ("import torch\ndef f(x):\n    if x is None:\n        torch.save(x, 'a')\n    return x\n"
         "def activation(x):\n    return f(x)\n", "line 4: `.save`"),
        ("import torch\ndef f(x):\n    if x is None:\n        return x.__class__.__mro__\n"
         "    return x\ndef activation(x):\n    return f(x)\n", "line 4: "),
        ("import os\ndef activation(x):\n    return x\n", "line 1: import of `os`"),
        ("from torch import *\ndef activation(x):\n    return x\n", r"`.\*` is not allowed"),
        # Without it another function would run.
        ("import torch\nfrom torch.nn.parameter import Parameter\nnorm = torch.nn.LayerNorm(3)\n"
         "def activation(x):\n    return x if isinstance(norm.weight, Parameter) else x.sin()\n",
         "line 2: import of `torch.nn.parameter`"),
        ("import torch\ntorch.set_default_dtype(torch.float64)\ndef activation(x):\n    return x\n",
         "line 2: `.set_default_dtype`"),
        ("import torch\ntable = [1.0]\ntable[0] = torch.no_such\n"
         "def activation(x):\n    return table[0] * x\n", "line 3: `.no_such`"),
        ("import torch\nscale = 1.0\nif torch.no_such:\n    scale = 2.0\n"
         "def activation(x):\n    return scale * x\n", "line 3: `.no_such`"),
        ("def f(x):\n    try:\n        if x.dim():\n            x = x.cuda()\n    except:\n"
         "        pass\n    return x\ndef activation(x):\n    return f(x)\n", "line 4: `.cuda`"),
        ("def f(x):\n    if x is None:\n        " + "x = x.u(); " * 20 + "\n    return x\n"
         "def activation(x):\n    return f(x)\n", "more than 6 steps"),
        ("def activation(x):\n    while x.sum() > 1:\n        x = x / 2\n    return x\n",
         "`while`"),
    ],
)  # fmt: skip
def test_what_is_sure_to_run_or_does_harm_is_refused_at_once(source: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        check_source(source, CONTRACT)


def test_a_list_of_the_same_may_be_asked_by_a_tensor() -> None:
    source = (
        "import torch\ndef update(g, m, v, w, t):\n"
        "    buffer = [[None, None] for _ in range(10)]\n    kept = buffer[int(t % 10)]\n"
        "    if t != kept[0]:\n        kept[1] = 1 - 0.9**t\n"
        "    return torch.stack([g / kept[1], m, v])\n"
    )
    contract = kinds.get("optimizer").contract
    graph = traced_kind("optimizer", check_source(source, contract))
    g, t = torch.linspace(-1.0, 1.0, 7), torch.tensor(13.0)

    step = graph(g, g, g, g, t)[0]

    torch.testing.assert_close(step, g / (1 - 0.9**t))
    other = source.replace("range(10)]", "range(10)]\n    buffer[3][0] = 2")
    with pytest.raises(TraceError, match="needs the value of a tensor"):
        traced_kind("optimizer", check_source(other, contract))
