"""Check a candidate's syntax tree against an allow-list of syntax and names.

The check runs in the engine, so it never executes, compiles or imports any of the source. It gives
quick reasons that an author can act on; the sandbox behind it is what holds back hostile code.
"""

import ast
import sys
import unicodedata
import warnings
from functools import lru_cache

from evo.core.contract import Contract
from evo.core.signature import entries, further_parameters
from evo.validation.graph.rewriting import REFUSED
from evo.validation.policy.beside import check_beside, runnable, unused_names
from evo.validation.policy.builtin_names import harmless
from evo.validation.policy.harm import harmless_by_hand
from evo.validation.policy.offences import offences, refused
from evo.validation.policy.unreached import uses_of, without_unreached
from evo.validation.refusal import Refused

MAX_SOURCE_BYTES = 16_000
MAX_SYNTAX_NODES = 4_000
MAX_DEPTH = 60
"""Largest nesting depth of the syntax tree; a sum of n terms has depth n."""

_WHITESPACE = frozenset("\t\n\r\f")
_REMEMBERED = 1024
"""Allowed sources that a process keeps: campaigns that follow each other share baselines."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Unicode categories of characters that are invisible or make text look like other text."""


@lru_cache(maxsize=_REMEMBERED)
def check_source(source: str, contract: Contract) -> str:
    """Check that a source uses only allowed syntax and names and defines its entry function.

    Args:
        source: Python source, never executed here.
        contract: names the entry function and its parameters.

    Returns:
        The source as it runs: without what need not run (see `beside`), and with calls that refuse
        the component in place of what it must not run (see `unreached`). Lines keep their numbers.

    Raises:
        Refused: names the construct, its line and how to fix it.
    """
    tree = _parse(source)
    if (text := runnable(source)) != source:
        check_beside(source)
        tree = _parse(text)
    gone: dict[str, Refused] = {}
    types: frozenset[str] = frozenset()
    for _ in range(_ROUNDS):
        nodes = _nodes(tree)
        allowed = harmless(tree) | unused_names(tree)
        if REFUSED not in source:
            allowed |= {one for one in nodes if isinstance(one, ast.Name) and one.id == REFUSED}
        faults = [*uses_of(gone, types, tree), *offences(tree, nodes, allowed)]
        faults.sort(key=lambda one: getattr(one.node, "lineno", sys.maxsize))
        if not faults:
            _check_entry(tree, contract)
            return text
        is_harmless = harmless_by_hand(tree)
        text, names, further = without_unreached(text, tree, faults, contract.function, is_harmless)
        gone |= names
        types |= further
        tree = ast.parse(text)
    raise refused(f"what uses it is refused in more than {_ROUNDS} steps; leave those parts out")


_ROUNDS = 6
"""Times that names which are left out may take others with them, or statements share a line."""


def _parse(source: str) -> ast.Module:
    try:
        size = len(source.encode())
    except UnicodeEncodeError as error:
        raise refused("the source is no valid text; remove lone surrogates") from error
    if size > MAX_SOURCE_BYTES:
        raise refused(f"the source has {size:,} bytes; write at most {MAX_SOURCE_BYTES:,}")
    _check_characters(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        raise refused(f"line {error.lineno}: {error.msg}; write valid Python") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise refused(f"the source does not parse ({error}); write plain, flat Python") from error


def _check_characters(source: str) -> None:
    """Refuse invisible characters: source must run as it reads, and print without side effects."""
    invisible = {
        char for char in {*source} - _WHITESPACE if unicodedata.category(char) in _INVISIBLE
    }
    for number, line in enumerate(source.split("\n") if invisible else (), 1):
        for char in line:
            if char in invisible:
                raise refused(f"line {number}: invisible character U+{ord(char):04X}; remove it")


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """All nodes of a tree within the limits of size and depth, collected without recursion."""
    nodes: list[ast.AST] = [tree]
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        nodes += level
        if len(nodes) > MAX_SYNTAX_NODES:
            raise refused(
                f"the source has more than {MAX_SYNTAX_NODES} syntax nodes; make it shorter"
            )
        if not level:
            return nodes
    raise refused(
        f"the syntax is nested more than {MAX_DEPTH} levels deep; use variables or a loop", level[0]
    )


def _check_entry(tree: ast.Module, contract: Contract) -> None:
    expected = f"def {contract.function}({', '.join(contract.parameters)})"
    functions = entries(tree, contract)
    if len(functions) != 1:
        count = len(functions)
        raise refused(
            f"expected one `{expected}` at the top level, found {count}; "
            + ("keep one of them" if count else "define it, or give its name to a function")
        )
    further = further_parameters(functions[0], contract)
    known = [one.name for one in contract.optional]
    if further is None or not {*further} <= {*known}:
        may = f"; it may also take {', '.join(known)}, without a default" if known else ""
        raise refused(
            f"expected `{expected}`, got `({ast.unparse(functions[0].args)})`; take those "
            f"arguments, give all others a default{may}",
            functions[0],
        )
