"""Statements of library code that run as something plainer: warnings, imports, texts of classes.

A component says nothing to anybody: `warnings.warn(…)` runs as `pass`, as does a method that only
makes the text of an instance. `import torch.optim` binds torch and is an import of torch. What is
replaced is still read by the policy, since people may run a file by hand.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from evo.validation.policy.bindings import bound_names
from evo.validation.policy.dead_code import idle_statements
from evo.validation.policy.vocabulary import MODULES

WORDS = (
    "print(",
    "warn",
    "logg",
    "import torch.",
    "__repr__",
    "extra_repr",
    "is_",
    "device",
    "import",
)
"""A source without any of them has no such statements."""

_PARTS = ("cuda", "distributed", "distributions", "jit", "nn", "optim")
"""Parts of torch that files of libraries import by their full name for what they do beside."""
_TEXTS = frozenset({"__repr__", "__str__", "extra_repr"})
_LEVELS = frozenset({"critical", "debug", "error", "exception", "info", "warning"})
"""Methods of a logger that write a message."""
_MAKING_TEXTS = frozenset({"format", "join", "len", "list", "size", "str", "tuple", "type"})
"""Functions that a message may call."""


def replaced(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Statements that run as something else, and what; none that stands within another one."""
    gone: set[ast.AST] = set()
    for node, text in _replaced(tree):
        if node not in gone:
            gone.update(ast.walk(node))
            yield node, text


def _replaced(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in tree.body:
        match node:
            case ast.Import(names) if any(map(_binds_torch, names)):
                kept = [one for one in names if not _binds_torch(one)]
                yield node, ast.unparse(ast.Import([ast.alias("torch"), *kept]))
            case ast.ClassDef(body=body):
                for part in body:
                    if isinstance(part, ast.FunctionDef) and part.name in _TEXTS:
                        yield part, "pass"
            case _:
                pass
    yield from ((node, "pass") for node in idle_statements(tree))
    is_warning = _Warnings(tree)
    yield from ((node, "pass") for node in is_warning.made)
    for node in ast.walk(tree):
        match node:
            case ast.Expr(ast.Call() as call) if is_warning(call):
                yield node, "pass"
            case _:
                pass


def imported_as(tree: ast.Module, module: str, wanted: frozenset[str]) -> set[str]:
    """Names that a source gives to some names of a module that it imports."""
    return {
        one.asname or one.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == module
        for one in node.names
        if one.name in wanted
    }


def line_span(node: ast.stmt | ast.expr) -> tuple[int, int]:
    """Indices of the first line of a node with its decorators, and of the one after its last."""
    is_decorated = isinstance(node, ast.FunctionDef | ast.ClassDef)
    decorators = node.decorator_list if is_decorated else []
    first = min([node.lineno, *(one.lineno for one in decorators)]) - 1
    return first, node.end_lineno or node.lineno


def fills_lines(node: ast.stmt, lines: list[str]) -> bool:
    """True if nothing but a comment stands beside a statement."""
    before = lines[node.lineno - 1].encode()[: node.col_offset]
    after = lines[(node.end_lineno or node.lineno) - 1].encode()[node.end_col_offset :]
    return not before.strip() and (not after.strip() or after.strip().startswith(b"#"))


def _binds_torch(alias: ast.alias) -> bool:
    """True if an import of a part of torch that no component needs binds torch itself."""
    first, _, part = alias.name.partition(".")
    is_part = first == "torch" and part.split(".")[0] in _PARTS and alias.name not in MODULES
    return is_part and alias.asname is None


class _Warnings:
    """Tells calls that warn, print or log and do nothing else.

    Attributes:
        names: `print`, the module `warnings` or its function, given to nothing else in the source.
        loggers: the module `logging`, and what its `getLogger` gave; likewise.
    """

    def __init__(self, tree: ast.Module) -> None:
        imported = {
            one.asname or one.name
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for one in node.names
            if one.name == ("warnings" if isinstance(node, ast.Import) else "warn")
            and getattr(node, "module", "warnings") == "warnings"
        }
        bound = Counter(name for node in ast.walk(tree) for name in bound_names(node))
        self.names = {name for name in imported if bound[name] == 1}
        if not bound["print"]:
            self.names.add("print")
        logging = {
            one.asname or one.name
            for node in tree.body
            if isinstance(node, ast.Import)
            for one in node.names
            if one.name == "logging"
        }
        made = [node for node in tree.body if _made_logger(node, logging)]
        self.made = [node for node in made if bound[_made_logger(node, logging)] == 1]
        names = logging | {_made_logger(node, logging) for node in self.made}
        self.loggers = {name for name in names if bound[name] == 1}

    def __call__(self, call: ast.Call) -> bool:
        match call.func:
            case ast.Attribute(ast.Name(name), "warn") | ast.Name(name):
                says = name in self.names
            case ast.Attribute(ast.Name(name), level) if level in _LEVELS:
                says = name in self.loggers
            case _:
                return False
        given = [*call.args, *(one.value for one in call.keywords)]
        return says and all(_is_text(part) for one in given for part in ast.walk(one))


def _made_logger(node: ast.stmt, logging: set[str]) -> str:
    """The variable that a statement gives a logger; empty where it gives none."""
    match node:
        case ast.Assign(
            [ast.Name(name)],
            ast.Call(
                ast.Attribute(ast.Name(module), "getLogger"), [*_, ast.Name() | ast.Constant()]
            ),
        ) if module in logging:
            return name
        case _:
            return ""


def _is_text(node: ast.AST) -> bool:
    """True if a part of a message changes nothing."""
    match node:
        case ast.Call(ast.Attribute(attr=name) | ast.Name(name)):
            return name in _MAKING_TEXTS
        case ast.Call() | ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom():
            return False
        case _:
            return True
