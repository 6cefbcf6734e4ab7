"""Check a candidate's syntax tree against an allow-list of syntax and names.

The check runs in the engine, so it never executes, compiles or imports any of the source. It gives
quick reasons that an author can act on; the sandbox behind it is what holds back hostile code.
"""

import ast
import builtins
import sys
import unicodedata
import warnings
from difflib import get_close_matches
from functools import lru_cache

from evo.core.contract import Contract
from evo.core.signature import entries, further_parameters
from evo.core.stages import Stage
from evo.validation.graph.rewriting import REFUSED
from evo.validation.policy.beside import check_beside, runnable, unused_names
from evo.validation.policy.builtin_names import harmless
from evo.validation.policy.classes import class_parts, is_harmless_decorator
from evo.validation.policy.syntax import is_allowed, is_harmless_context, remedy_of
from evo.validation.policy.vocabulary import (
    ATTRIBUTES,
    BUILTIN_REMEDIES,
    BUILTINS,
    MODULES,
    NAME_REMEDIES,
    SUGGESTED,
    function_of,
)
from evo.validation.refusal import Refused

_SHELL_NAMES = frozenset({"_", "display", "get_ipython"})
"""Names that Python's and IPython's shells put among the builtins; components may define them."""

MAX_SOURCE_BYTES = 16_000
MAX_SYNTAX_NODES = 4_000
MAX_DEPTH = 60
"""Largest nesting depth of the syntax tree; a sum of n terms has depth n."""

_ASSIGNED = "give it where the object is made, or use a variable"
_WHITESPACE = frozenset("\t\n\r\f")
_REMEMBERED = 1024
"""Allowed sources that a process keeps: campaigns that follow each other share baselines."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Unicode categories of characters that are invisible or make text look like other text."""


@lru_cache(maxsize=_REMEMBERED)
def check_source(source: str, contract: Contract) -> None:
    """Check that a source uses only allowed syntax and names and defines its entry function.

    Args:
        source: Python source, never executed here.
        contract: names the entry function and its parameters.

    Raises:
        Refused: names the construct, its line and how to fix it.
    """
    tree = _parse(source)
    refusing: set[ast.AST] = set()
    if (reduced := runnable(source)) != source:
        check_beside(source)
        tree = _parse(reduced)
        if REFUSED not in source:
            names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            refusing |= {name for name in names if name.id == REFUSED}
    nodes = sorted(_nodes(tree), key=_place)
    classes = class_parts(tree)
    named_harmlessly = harmless(tree) | unused_names(tree) | refusing
    for node in nodes:
        if classes.fault is not None and _place(node)[0] >= classes.fault[0]:
            raise classes.fault[1]
        if node not in named_harmlessly and not classes.permit(node):
            _check_node(node)
    _check_entry(tree, contract)


def _parse(source: str) -> ast.Module:
    try:
        size = len(source.encode())
    except UnicodeEncodeError as error:
        raise _refused("the source is no valid text; remove lone surrogates") from error
    if size > MAX_SOURCE_BYTES:
        raise _refused(f"the source has {size:,} bytes; write at most {MAX_SOURCE_BYTES:,}")
    _check_characters(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        raise _refused(f"line {error.lineno}: {error.msg}; write valid Python") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise _refused(f"the source does not parse ({error}); write plain, flat Python") from error


def _check_characters(source: str) -> None:
    """Refuse invisible characters: source must run as it reads, and print without side effects."""
    invisible = {
        char for char in {*source} - _WHITESPACE if unicodedata.category(char) in _INVISIBLE
    }
    for number, line in enumerate(source.split("\n") if invisible else (), 1):
        for char in line:
            if char in invisible:
                raise _refused(f"line {number}: invisible character U+{ord(char):04X}; remove it")


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """All nodes of a tree within the limits of size and depth, collected without recursion."""
    nodes: list[ast.AST] = [tree]
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        nodes += level
        if len(nodes) > MAX_SYNTAX_NODES:
            raise _refused(
                f"the source has more than {MAX_SYNTAX_NODES} syntax nodes; make it shorter"
            )
        if not level:
            return nodes
    raise _refused(
        f"the syntax is nested more than {MAX_DEPTH} levels deep; use variables or a loop", level[0]
    )


def _place(node: ast.AST) -> tuple[int, int, int, int]:
    """Sort key by position, so that the first offence is reported: `a.b` before `a.b.c`."""
    if isinstance(node, ast.stmt | ast.expr | ast.arg | ast.keyword | ast.alias):
        return (
            node.lineno,
            node.col_offset,
            node.end_lineno or 0,
            node.end_col_offset or 0,
        )
    # Nodes without a position, such as the items of a `with`, come after their parents.
    return (sys.maxsize, 0, 0, 0)


def _check_node(node: ast.AST) -> None:
    if not is_allowed(node):
        name, remedy = remedy_of(node)
        raise _refused(f"{name} is not allowed; {remedy}", node)
    match node:
        case ast.Import():
            _check_import(node)
        case ast.ImportFrom():
            _check_import_from(node)
        case ast.FunctionDef(name, decorator_list=decorators) if all(
            map(is_harmless_decorator, decorators)
        ):
            _check_name(name, node)
        case ast.FunctionDef(name):
            raise _refused(f"`{name}` has a decorator; call functions in its body", node)
        case ast.Name(name) | ast.arg(name):
            _check_name(name, node)
        case ast.Attribute(attr=name, ctx=ast.Load()):
            _check_attribute(name, node)
        case ast.Attribute(attr=name):
            raise _refused(f"`.{name}` cannot be assigned; {_ASSIGNED}", node)
        case ast.With(items) if not all(map(is_harmless_context, items)):
            raise _refused(
                "`with` is allowed for torch.no_grad(), torch.enable_grad() and "
                "torch.autocast(…, enabled=False) alone; leave it out",
                node,
            )
        case ast.ExceptHandler(name=str(name)):
            _check_name(name, node)
        case ast.Constant(bytes() | complex() as value):
            raise _refused(f"{value!r:.40} is not allowed; use real numbers", node)
        case _:
            pass


def _check_import(node: ast.Import) -> None:
    for alias in node.names:
        _check_module(alias.name, node)
        if alias.asname is not None:
            _check_name(alias.asname, node)


def _check_import_from(node: ast.ImportFrom) -> None:
    module = "." * node.level + (node.module or "")
    if module == "__future__":
        return  # changes how Python reads the source, brings in no value
    _check_module(module, node)
    for alias in node.names:
        if f"{module}.{alias.name}" not in MODULES:
            _check_attribute(alias.name, node)
        _check_name(alias.asname or alias.name, node)


def _check_module(module: str, node: ast.AST) -> None:
    if module not in MODULES:
        raise _refused(
            f"import of `{module}` is not allowed; use torch, torch.nn.functional, numpy, math, "
            "functools, dataclasses and typing",
            node,
        )


def _check_name(name: str, node: ast.AST) -> None:
    if name.startswith("__"):
        raise _refused(f"the name `{name}` is not allowed; start it with a letter", node)
    if hasattr(builtins, name) and name not in BUILTINS and name not in _SHELL_NAMES:
        raise _refused(
            f"the builtin name `{name}` is not allowed, not even redefined; "
            + BUILTIN_REMEDIES.get(name, "use tensor operators, and other names"),
            node,
        )


def _check_attribute(name: str, node: ast.AST) -> None:
    if name in ATTRIBUTES:
        return
    near = get_close_matches(name, SUGGESTED, n=1, cutoff=0.75)
    hint = f"did you mean `{near[0]}`" if near else "use tensor operators of torch and math"
    if (function := function_of(name)) is not None:
        hint = f"a component makes no module that learns; call torch.nn.functional.{function}"
    raise _refused(f"`.{name}` is not allowed; {NAME_REMEDIES.get(name, hint)}", node)


def _check_entry(tree: ast.Module, contract: Contract) -> None:
    expected = f"def {contract.function}({', '.join(contract.parameters)})"
    functions = entries(tree, contract)
    if len(functions) != 1:
        count = len(functions)
        raise _refused(
            f"expected one `{expected}` at the top level, found {count}; "
            + ("keep one of them" if count else "define it, or give its name to a function")
        )
    further = further_parameters(functions[0], contract)
    known = [one.name for one in contract.optional]
    if further is None or not {*further} <= {*known}:
        may = f"; it may also take {', '.join(known)}, without a default" if known else ""
        raise _refused(
            f"expected `{expected}`, got `({ast.unparse(functions[0].args)})`; take those "
            f"arguments, give all others a default{may}",
            functions[0],
        )


def _refused(reason: str, node: ast.AST | None = None) -> Refused:
    line = getattr(node, "lineno", None)
    return Refused(Stage.POLICY, reason if line is None else f"line {line}: {reason}")
