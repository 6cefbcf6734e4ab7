"""Sources on one line, as lists in prompts show them: a formula, its change, or its outline.

Parses text of candidates and never runs it. What it gives is for reading, not code: it loses
imports, names of modules, digits after the fourth, and spaces.
"""

import ast
import difflib
import re
from collections import Counter
from functools import lru_cache

from evo.core.source import normalise
from evo.core.syntax.trees import clone, walk

_MODULES = frozenset({"torch", "F", "math", "nn", "functional", "special"})
_LONGEST_TEXT = 16
_DEPTHS = (7, 5, 4, 3, 2, 1)
"""Levels of an outline that are tried."""
_MOST_INLINED = 12
_SPACED = re.compile(r" (\*\*|//|<<|>>|[-+*/%@<>=!&|^]=?) ")
_TOKEN = re.compile(r"\d[\w.]*(?:e[-+]\d+)?|\w+|\*\*|\S")
_MOST_CHANGES = 4
_ALIKE = 0.6
"""Share of tokens in common from which on a formula is told by its changes."""
_MOST_COMPARED = 1500
"""Characters of a longer line are not compared."""
_ELIDED = "…"


@lru_cache(maxsize=4096)  # a good component stands in the prompts of one generation after another
def compact(source: str) -> str:
    r"""A source as one line; empty where it does not parse.

    A local that is used once stands where it is used.

    >>> compact("def f(x):\n    y = 2 * x\n    return y * torch.sigmoid(1.70001 * x)")
    '2*x*sigmoid(1.7*x)'
    >>> compact("def f(x):\n    a = x.abs()\n    return a + 1 / a")
    'a=x.abs(); a+1/a'
    """
    functions = _functions(source)
    return "" if functions is None else _joined(functions)


@lru_cache(maxsize=4096)
def outline(source: str, most: int) -> str:
    r"""A source as one line of at most `most` characters, its deepest parts left out if need be.

    >>> outline("def f(x):\n    return x * torch.sigmoid(1.7 * x + torch.tanh(x))", 20)
    'x*sigmoid(…+…)'
    """
    text = compact(source)
    for depth in _DEPTHS:
        if len(text) <= most:
            return text
        functions = _functions(source) or []
        text = _joined([_outlined(function, depth) for function in functions])
    return text if len(text) <= most else text[: most - 1] + _ELIDED


@lru_cache(maxsize=4096)
def changes(before: str, after: str) -> str:
    """The parts of one line of `compact` in place of another's; empty where more differs.

    >>> changes("x*sigmoid(1.7*x)+0.1*sin(x)", "x*sigmoid(1.4*x)+0.1*cos(x)")
    '1.7 → 1.4, sin → cos'
    """
    if max(len(before), len(after)) > _MOST_COMPARED:
        return ""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if not old or matcher.ratio() < _ALIKE:
        return ""
    steps: list[str] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            continue
        if kind != "replace" or ";" in [*old[i:j], *new[k:m]]:
            return ""
        steps.append(f"{''.join(old[i:j])} → {''.join(new[k:m])}")
    return ", ".join(steps) if len(steps) <= _MOST_CHANGES else ""


def _functions(source: str) -> list[ast.FunctionDef] | None:
    """The functions of a source, in short words; None where it cannot be read."""
    try:
        tree = _Short().visit(ast.parse(normalise(source)))
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        return [_inlined(function) for function in functions]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _joined(functions: list[ast.FunctionDef]) -> str:
    try:
        bodies = [_line(function) for function in functions]
    except (ValueError, RecursionError, MemoryError):
        return ""
    if len(bodies) == 1:
        return bodies[0]
    named = zip(functions, bodies, strict=True)
    return " | ".join(f"{function.name}: {body}" for function, body in named)


def _line(function: ast.FunctionDef) -> str:
    lines = [line.strip() for line in ast.unparse(function).splitlines()[1:]]
    if lines and lines[-1].startswith("return "):
        lines[-1] = lines[-1].removeprefix("return ")
    text = "; ".join(lines).replace(":;", ":").replace(", ", ",").replace(" = ", "=")
    return _SPACED.sub(r"\1", _SPACED.sub(r"\1", text))


class _Short(ast.NodeTransformer):
    """Drops names of modules, digits that say little, and texts."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """The function alone, where it is one of a module."""
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in _MODULES:
            return ast.Name(node.attr, ast.Load())
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A number of four digits; a text of a few letters."""
        if isinstance(node.value, float):
            value = float(f"{node.value:.4g}")
            return ast.Constant(int(value) if value.is_integer() and abs(value) < 1e4 else value)
        if isinstance(node.value, str | bytes) and len(node.value) > _LONGEST_TEXT:
            return ast.Constant(_ELIDED)
        return node


def _inlined(function: ast.FunctionDef) -> ast.FunctionDef:
    """The function with locals that are assigned and read once in the place where they are read."""
    for _ in range(_MOST_INLINED):
        place = _once_used(function)
        if place is None:
            break
        statement = function.body.pop(place)
        assert isinstance(statement, ast.Assign)
        (target,) = statement.targets
        assert isinstance(target, ast.Name)
        function = _Put(target.id, statement.value).visit(function)
    return function


def _once_used(function: ast.FunctionDef) -> int | None:
    """Index of an assignment whose value can stand where it is read; None without one."""
    names = [node for node in walk(function) if isinstance(node, ast.Name)]
    stored = Counter(node.id for node in names if isinstance(node.ctx, ast.Store))
    read = Counter(node.id for node in names if isinstance(node.ctx, ast.Load))
    for place, statement in enumerate(function.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                # What it is made of must not change on the way.
                parts = {part.id for part in walk(value) if isinstance(part, ast.Name)}
                is_bare = isinstance(value, ast.Name | ast.Constant)
                is_once = stored[name] == 1 and (read[name] == 1 or is_bare)
                if is_once and not parts & stored.keys() - _firm(function, place, stored):
                    return place
            case _:
                pass
    return None


def _firm(function: ast.FunctionDef, place: int, stored: Counter[str]) -> set[str]:
    """Names that are assigned once, before a statement, and are no argument."""
    before = walk(ast.Module(function.body[:place], []))
    early = {n.id for n in before if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    arguments = {argument.arg for argument in function.args.args}
    return {name for name in early - arguments if stored[name] == 1}


class _Put(ast.NodeTransformer):
    """Puts an expression in the place of a name."""

    def __init__(self, name: str, value: ast.expr) -> None:
        self._name = name
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The expression where the name is read."""
        is_read = node.id == self._name and isinstance(node.ctx, ast.Load)
        return clone(self._value) if is_read else node


def _outlined(function: ast.FunctionDef, depth: int) -> ast.FunctionDef:
    shorter = _Outline(depth).visit(clone(function))
    assert isinstance(shorter, ast.FunctionDef)
    return shorter


class _Outline(ast.NodeTransformer):
    """Leaves out expressions below a depth, but for names and numbers."""

    def __init__(self, depth: int) -> None:
        self._left = depth

    def visit(self, node: ast.AST) -> ast.AST:
        """The node, or a sign that stands for it."""
        if not isinstance(node, ast.expr):
            return self.generic_visit(node)
        if isinstance(node, ast.Name | ast.Constant):
            return node
        if self._left == 0:
            return ast.Name(_ELIDED, ast.Load())
        self._left -= 1
        visited = self.generic_visit(node)
        self._left += 1
        return visited
