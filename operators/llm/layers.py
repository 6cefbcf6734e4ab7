"""Replace PyTorch's activation modules by the functions that compute the same.

`nn.GELU()(x)`, or `act = nn.GELU()` and `act(x)` later, become `F.gelu(x)`.
"""

import ast

from evo.core.syntax.trees import clone, walk

_FUNCTIONS = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "SELU": "selu",
    "CELU": "celu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Mish": "mish",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "logsigmoid",
    "Hardtanh": "hardtanh",
    "Hardswish": "hardswish",
    "Hardsigmoid": "hardsigmoid",
    "Tanhshrink": "tanhshrink",
    "Softshrink": "softshrink",
    "Hardshrink": "hardshrink",
}
"""Functions of `torch.nn.functional` by the module that does the same with the same settings."""


def without_layers(tree: ast.Module) -> None:
    """Replace the modules, in place."""
    made: dict[str, ast.Call] = {}
    for node in walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as made_by) if _function(
                made_by
            ):
                made[name] = made_by
            case _:
                pass
    _Calls(made).visit(tree)
    read = {
        node.id
        for node in walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    _Unused(made.keys() - read).visit(tree)


def _function(call: ast.Call) -> str:
    """The function of a call that makes a module; empty where it makes none of the table."""
    match call.func:
        case ast.Attribute(value=owner, attr=name) if ast.unparse(owner) in ("nn", "torch.nn"):
            return _FUNCTIONS.get(name, "")
        case _:
            return ""


class _Calls(ast.NodeTransformer):
    """Puts functions in place of calls of modules."""

    def __init__(self, made: dict[str, ast.Call]) -> None:
        self._made = made

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Call() as module, args=[argument], keywords=[]):
                pass
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if (
                name in self._made
            ):
                module = self._made[name]
            case _:
                return node
        if not (function := _function(module)):
            return node
        settings = [clone(one) for one in module.keywords if one.arg != "inplace"]
        callee = ast.Attribute(ast.Name("F", ast.Load()), function, ast.Load())
        return ast.Call(callee, [argument, *map(clone, module.args)], settings)


class _Unused(ast.NodeTransformer):
    """Drops assignments of names that nothing reads."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        match node.targets:
            case [ast.Name(id=name)] if name in self._names:
                return None
            case _:
                return node
