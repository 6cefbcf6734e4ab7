"""Parts of a source that need not run: a main block, unused classes and imports, some decorators.

Library code and language models leave them beside the function. They are taken out before anything
runs; they are still read, since people may run a file by hand.
"""

import ast
import warnings
from collections.abc import Iterator

from evo.core.stages import Stage
from evo.validation.policy.dead_code import uncalled_methods
from evo.validation.policy.harm import STANDARD_MODULES, UNNEEDED, harmless_by_hand, harms
from evo.validation.policy.replaced import WORDS, fills_lines, imported_as, line_span, replaced
from evo.validation.policy.vocabulary import ATTRIBUTES, MODULES
from evo.validation.refusal import Refused

_COMPILERS = frozenset(
    {
        *("torch.compile", "torch.jit.script", "jit.script"),
        *("torch.jit.script_if_tracing", "jit.script_if_tracing"),
    }
)
"""Decorators that change how a function runs, and nothing that it computes."""
_SCRIPTS = frozenset({"script", "script_if_tracing"})
"""Those of torch.jit."""
_CACHES = frozenset({"lru_cache", "cache"})
"""Decorators of functools that keep results, which a function without state gives again."""
_AUTOCAST = frozenset({"torch.cuda.amp.autocast", "torch.amp.autocast", "autocast", "amp.autocast"})
"""Decorators that do nothing when they are turned off."""
_CASTS = frozenset(
    {
        f"{amp}custom_{way}"
        for amp in ("", "amp.", "torch.amp.", "torch.cuda.amp.")
        for way in ("fwd", "bwd")
    }
)
"""Decorators that say what to do within autocast alone."""


def runnable(source: str) -> str:
    r"""The source without its main block, unused classes and imports, and `@torch.jit.script`.

    Their lines stay, empty, so that all others keep their numbers. A source that does not parse is
    given back as it is.

    >>> runnable("class A: pass\ndef f(x):\n    return x\nif __name__ == '__main__': f(1)")
    '\ndef f(x):\n    return x\n'
    >>> runnable("@torch.jit.script\ndef f(x):\n    return x")
    '\ndef f(x):\n    return x'
    """
    tree = _tree(source)
    lines = source.split("\n")
    if tree is None:
        return source
    changes = [(node, "") for node in (*_beside(tree), *_compilers(tree), *_unused(tree))]
    instead = [(node, text) for node, text in replaced(tree) if fills_lines(node, lines)]
    for node, text in (*instead, *changes):  # what is left out is no more replaced
        first, last = line_span(node)
        indented = lines[first].encode()[: node.col_offset].decode() + text if text else ""
        lines[first:last] = [indented, *[""] * (last - first - 1)]
    return "\n".join(lines)


def check_beside(source: str) -> None:
    """Check the parts that are taken out: they load, import and execute nothing.

    Raises:
        Refused: names the construct and its line.
    """
    tree = _tree(source)
    if tree is None:
        return
    is_harmless = harmless_by_hand(tree)
    for statement in (*_beside(tree), *_silent(tree)):
        for node in ast.walk(statement):
            if not is_harmless(node):
                raise Refused(
                    Stage.POLICY,
                    f"line {getattr(node, 'lineno', 0)}: `{harms(node)[0]}` is not allowed, "
                    "not even in a class or a main block beside the function; leave that part out",
                )


def _tree(source: str) -> ast.Module | None:
    if not any(word in source for word in _WORDS):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the rules say why


def _beside(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements of the module that a component never runs, on lines of their own."""
    rest = [node for node in tree.body if not _is_main_block(node)]
    uncalled = [*uncalled_methods(tree)]
    for node in tree.body:
        is_unused = isinstance(node, ast.ClassDef) and not any(
            _mentions(other, node.name) for other in rest if other is not node
        )
        if (is_unused or _is_main_block(node)) and _has_lines_alone(tree, node):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (part for part in node.body if _is_export(part))
            yield from (part for part in node.body if part in uncalled)


_WORDS = (
    "cache",
    "class",
    "__main__",
    "@torch.",
    "@jit.",
    "@autocast",
    "@amp.",
    "@custom_",
    "torch.",
    *WORDS,
    *UNNEEDED,
)
"""A source without any of them has no such parts."""


def _compilers(tree: ast.Module) -> Iterator[ast.expr]:
    """Decorators that ask for compilation, a cache or a precision alone: it is traced anyway."""
    parts = [part for node in tree.body for part in (node, *_methods(node))]
    caches = {f"functools.{name}" for name in _CACHES} | imported_as(tree, "functools", _CACHES)
    compilers = _COMPILERS | imported_as(tree, "torch.jit", _SCRIPTS)
    for node in parts:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
            given: list[ast.expr] = []
            if isinstance(decorator, ast.Call):
                given = [*decorator.args, *(one.value for one in decorator.keywords)]
            values = [one.value for one in given if isinstance(one, ast.Constant)]
            is_plain = len(values) == len(given)
            is_compiler = name in compilers and not getattr(decorator, "args", [])
            is_compiler |= name in caches
            is_off = name in _AUTOCAST and False in values
            is_cast = name in _CASTS and all(
                ast.unparse(one) in ("torch.float32", "torch.float")
                or isinstance(one, ast.Constant)
                for one in given
            )
            if is_cast or (is_plain and (is_off or is_compiler)):
                yield decorator


def _silent(tree: ast.Module) -> list[ast.stmt]:
    """Statements that do nothing where a component runs."""
    return [node for node, text in replaced(tree) if text == "pass"]


def _methods(node: ast.stmt) -> list[ast.stmt]:
    return node.body if isinstance(node, ast.ClassDef) else []


def _unused(tree: ast.Module) -> Iterator[ast.stmt]:
    """Imports of well-known modules, on lines of their own, whose names nobody uses."""
    rest = [*_beside(tree)]
    gone = {node for statement in rest for node in ast.walk(statement)}
    gone |= {node for decorator in _compilers(tree) for node in ast.walk(decorator)}
    gone |= {node for silent in _silent(tree) for node in ast.walk(silent)}
    used = {
        node.id
        for statement in tree.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and node not in gone
    }
    for node in tree.body:
        match node:
            case ast.ImportFrom(str(module), names, 0):
                is_known = _is_well_known(module) and module not in MODULES
            case ast.Import(names):
                is_known = all(_is_well_known(one.name) and _binds_itself(one) for one in names)
            case _:
                continue
        bound = {one.asname or one.name for one in names}
        if is_known and not bound & used and _has_lines_alone(tree, node):
            yield node


def _is_well_known(module: str) -> bool:
    return module in UNNEEDED or module.startswith("torch.")


def unused_names(tree: ast.Module) -> set[ast.AST]:
    """Imports of the standard library that a source does not use, such as of `functools.wraps`."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        and node.module in STANDARD_MODULES
        and not node.level
        and all(
            one.name in ATTRIBUTES or one.name not in used for one in node.names if not one.asname
        )
        and not any(one.asname or one.name.startswith("_") for one in node.names)
    }


def _binds_itself(alias: ast.alias) -> bool:
    """True if `import` binds the module under a name of its own, not as a part of torch."""
    return alias.asname is not None or "." not in alias.name


def _is_main_block(node: ast.stmt) -> bool:
    match node:
        case ast.If(
            ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")]), _, []
        ):
            return True
        case _:
            return False


def _is_export(node: ast.stmt) -> bool:
    """True if a method says how to write a function for ONNX; nothing else calls it."""
    return isinstance(node, ast.FunctionDef) and node.name == "symbolic"


def _mentions(node: ast.AST, name: str) -> bool:
    """True if a statement has a name in it, as code or as text."""
    return any(
        (isinstance(part, ast.Name) and part.id == name)
        or (isinstance(part, ast.Constant) and isinstance(part.value, str) and name in part.value)
        for part in ast.walk(node)
    )


def _has_lines_alone(tree: ast.Module, node: ast.stmt) -> bool:
    """True if no other statement shares a line with this one."""
    last = node.end_lineno or node.lineno
    return not any(
        other is not node and other.lineno <= last and (other.end_lineno or 0) >= node.lineno
        for other in tree.body
    )
