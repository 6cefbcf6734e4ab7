"""Sources of many hands, contracts and helpers for the tests of operators."""

import ast
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from evo.components.activation import Activation
from evo.core.contract import Contract
from operators.tree.program import Program
from operators.tree.tidy import tidy, write_program

CONTRACT = Activation.contract
PAIR = Contract(
    kind="gate",
    function="gate",
    arguments=("signal", "control"),
    imports=("import torch",),
    vocabulary=("torch.tanh({})", "torch.sigmoid({})", "torch.maximum({}, {})"),
    description="`gate(signal, control)` takes two tensors of one shape and returns a third.",
)
BASELINES = {name: known.source for name, known in Activation().baselines().items()}
WILD = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "wild").iterdir())}
ALL = {**BASELINES, **WILD}
UNUSABLE = (
    "",
    "def activation(x:\n    return x",
    "\0",
    "x = 1",
    "def activation():\n    return 0.0",
    "def activation(x, *rest):\n    return x",
    "def activation(x, y):\n    return x",
    "class activation:\n    pass",
    "def activation(x):\n    pass",
    "async def activation(x):\n    return x",
    "def activation(x):\n    return " + "-" * 500 + "x",
    "def activation(x):\n    return " + "(" * 90 + "x" + ")" * 90 + " + x" * 400,
)


def component(body: str, above: str = "") -> str:
    """Source of an activation with that body, a line or several."""
    lines = "\n    ".join(body.splitlines())
    return (
        f"import torch\nimport torch.nn.functional as F\n{above}\ndef activation(x):\n    {lines}\n"
    )


def program(expression: str, above: str = "") -> Program:
    """The program of an activation that returns an expression."""
    return Program.read(component(f"return {expression}", above), CONTRACT)


def returns(edited: Program) -> list[ast.Return]:
    """The return statements of the entry function."""
    return [node for node in ast.walk(edited.entry) if isinstance(node, ast.Return)]


def returned(edited: Program) -> str:
    """The expression of the entry function's only return, as text."""
    (statement,) = returns(edited)
    assert statement.value is not None
    return ast.unparse(statement.value)


def tidied(expression: str, above: str = "") -> str:
    """The expression after simplification."""
    edited = program(expression, above)
    tidy(edited)
    return returned(edited)


def rewritten(source: str, contract: Contract = CONTRACT) -> str:
    """The source after a way through reading and writing, with nothing edited."""
    read = Program.read(source, contract)
    tidy(read)
    return write_program(read)


def signature(source: str, function: str) -> list[str]:
    """Arguments of the entry function, which stands alone and last."""
    body = ast.parse(source).body
    (entry,) = [
        part for part in body if isinstance(part, ast.FunctionDef) and part.name == function
    ]
    assert entry is body[-1]
    assert not entry.args.defaults
    assert not entry.args.kwonlyargs
    return [argument.arg for argument in entry.args.args]


def outputs(source: str, function: str, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
    """Values that a source of ours computes; only tests ever execute one."""
    namespace: dict[str, object] = {}
    exec(source, namespace)
    made = namespace[function]
    assert callable(made)
    return made(*inputs)


def is_sound(source: str, function: str, inputs: Sequence[torch.Tensor]) -> bool:
    """True if a source runs, keeps the shape of its inputs and is finite on them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = outputs(source, function, inputs)
        except Exception:  # noqa: BLE001 - whatever the source raises, it is not sound
            return False
    return result.shape == inputs[0].shape and bool(torch.isfinite(result).all())
