"""Rewrite a candidate's source before it runs. Runs in the sandbox's child; line numbers stay.

Python gives `int(n)`, `float(n)` and `0.5 * n` as plain numbers even if n remembers its formula
(see `tracked`). Such calls and operators get functions that keep it, under names that no candidate
can write. A set becomes a tuple, whose order is the same in every process; a method that sets an
attribute first checks that it is called on an instance of its own; `torch.f(x, out=y)` writes into
y by itself.
"""

import __future__

import ast
from types import CodeType

from evo.core.callables import is_decorated

_CONVERSIONS = {"int": "__to_int__", "float": "__to_float__"}
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
}
OWN = "__own__"
"""Name of the check that something is an instance of the component's own class."""
NUMPY = "__numpy__"
"""Name of the function that calls functions of numpy."""
ITEM = "__item__"
"""Name of the function that picks from a list by what may be a size."""
OUT = "__out__"
"""Name of the function that writes a result into a tensor."""
ATTRIBUTE = "__attribute__"
"""Name of the function that asks a tensor for what it may have."""
DATA = "__data__"
"""Name of the function that writes into a tensor what its `.data` is given."""
REFUSED = "__refused__"
"""Name of the function that refuses a component where it goes a way that it must not."""
SLICE = "__slice__"
"""Name of Python's `slice`."""
_SIZE_WORDS = ("shape", "size", "len(", "numel", "nelement", "_fan", "int(")
"""A source without any of them looks at no size, and picks from no list by a tensor."""

_OTHER_WORDS = ("int(", "float(", "{", "class ", "out=", "out =", ".data", "getattr(")
"""A source without any of these either runs as it is."""


def compiled(source: str, file: str) -> CodeType:
    """The code of a source, rewritten where that is needed."""
    has_sizes = any(word in source for word in _SIZE_WORDS)
    # A dataclass looks at annotations; nothing else does.
    flags = 0 if "dataclass" in source else __future__.annotations.compiler_flag
    if not has_sizes and not any(word in source for word in _OTHER_WORDS):
        return compile(source, file, "exec", flags, dont_inherit=True)
    tree = ast.parse(source, file)
    stored = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    numpys = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "numpy"
    }
    rewritten = _Rewriter(_CONVERSIONS.keys() - stored, numpys, has_sizes=has_sizes).visit(tree)
    return compile(ast.fix_missing_locations(rewritten), file, "exec", flags, dont_inherit=True)


class _Rewriter(ast.NodeTransformer):
    def __init__(self, conversions: set[str], numpys: set[str], *, has_sizes: bool) -> None:
        self._conversions = conversions
        self._numpys = numpys
        self._has_sizes = has_sizes

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and (owner := _changed(method)):
                check = ast.Call(ast.Name(OWN, ast.Load()), [ast.Name(owner, ast.Load())], [])
                method.body.insert(0, ast.copy_location(ast.Expr(check), method.body[0]))
        return self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> ast.AST:
        self.generic_visit(node)
        if not all(isinstance(one, ast.Constant) for one in node.elts):
            return node  # which the policy refuses
        return ast.copy_location(ast.Tuple(node.elts, ast.Load()), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in self._conversions:
            node.func.id = _CONVERSIONS[node.func.id]
        self.generic_visit(node)
        if given := [keyword for keyword in node.keywords if keyword.arg == "out"]:
            _drop_unnamed(given[0])
            node.args.insert(0, node.func)
            node.func = ast.copy_location(ast.Name(OUT, ast.Load()), node.func)
            return node
        match node.func:
            case ast.Name("getattr") if len(node.args) == 3 and not node.keywords:
                node.func = ast.copy_location(ast.Name(ATTRIBUTE, ast.Load()), node.func)
            case ast.Attribute(ast.Name(name)) if self._has_sizes and name in self._numpys:
                node.args.insert(0, node.func)
                node.func = ast.copy_location(ast.Name(NUMPY, ast.Load()), node.func)
            case _:
                pass
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not self._has_sizes or not isinstance(node.ctx, ast.Load) or _is_fixed(node.slice):
            return node
        index = node.slice
        if isinstance(index, ast.Slice):
            none = ast.Constant(None)
            bounds = [one or none for one in (index.lower, index.upper, index.step)]
            index = ast.Call(ast.Name(SLICE, ast.Load()), bounds, [])
        return ast.copy_location(
            ast.Call(ast.Name(ITEM, ast.Load()), [node.value, index], []), node
        )

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        match node.targets:
            case [ast.Attribute(ast.Name(name), "data")] if name != "self":
                return ast.copy_location(_data_set(name, node.value), node)
            case _:
                return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        match node.target:
            case ast.Attribute(ast.Name(name), "data") if name != "self":
                data = ast.Attribute(ast.Name(name, ast.Load()), "data", ast.Load())
                value = ast.BinOp(data, node.op, node.value)
                return ast.copy_location(_data_set(name, value), node)
            case _:
                pass
        name = _OPERATORS.get(type(node.op))
        if not self._has_sizes or name is None or not isinstance(node.target, ast.Name):
            return node
        function = ast.Name(name.replace("__", "__i", 1), ast.Load())
        value = ast.Call(function, [ast.Name(node.target.id, ast.Load()), node.value], [])
        return ast.copy_location(ast.Assign([node.target], value), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = _OPERATORS.get(type(node.op))
        if not self._has_sizes or name is None:
            return node
        function = ast.Name(name, ast.Load())
        return ast.copy_location(ast.Call(function, [node.left, node.right], []), node)


def _drop_unnamed(out: ast.keyword) -> None:
    """Put None in place of each new tensor of `out=(values, i.new().long())`: nobody reads it."""
    if isinstance(out.value, ast.Tuple):
        parts = out.value.elts
        out.value.elts = [ast.Constant(None) if isinstance(p, ast.Call) else p for p in parts]


def _data_set(name: str, value: ast.expr) -> ast.Expr:
    """The statement that gives `.data` of a variable a value; one that is a name is shared."""
    arguments = [ast.Name(name, ast.Load()), value, ast.Constant(isinstance(value, ast.Name))]
    return ast.Expr(ast.Call(ast.Name(DATA, ast.Load()), arguments, []))


def _is_fixed(index: ast.expr) -> bool:
    """True if an index cannot be a size, or is one of tensors alone."""
    match index:
        case ast.Constant() | ast.Tuple():
            return True
        case ast.UnaryOp(operand=ast.Constant()):
            return True
        case ast.Slice(lower, upper, step):
            return all(one is None or _is_fixed(one) for one in (lower, upper, step))
        case _:
            return False


def _changed(method: ast.FunctionDef) -> str:
    """The argument whose attributes a method sets, after the class; empty where it sets none."""
    owners = [one.arg for one in method.args.args][is_decorated(method, "classmethod") :]
    owner = owners[0] if owners else ""
    is_changed = any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        for node in ast.walk(method)
    )
    return owner if is_changed else ""
