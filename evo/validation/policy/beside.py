"""Parts of a source that never run: a main block, unused classes, compilers' decorators.

Library code and language models leave them beside the function. They are taken out before anything
runs; they are still read, since people may run a file by hand.
"""

import ast
import builtins
import warnings
from collections.abc import Iterator

from evo.core.stages import Stage
from evo.validation.policy.vocabulary import ATTRIBUTES, BUILTINS, MODULES
from evo.validation.refusal import Refused

_NAMES = frozenset({"print", "property", "staticmethod", "classmethod", "super", "__name__"})
_METHODS = frozenset({"__init__", "__call__", "__name__", "__repr__"})
_ATTRIBUTES = frozenset(
    {
        *("Module", "Parameter", "autograd", "Function", "apply", "forward", "backward", "grad"),
        *("ones_", "zeros_", "manual_seed", "rand", "randn", "requires_grad", "testing"),
        *("allclose", "assert_close", "format", "mark_dirty", "save_for_backward"),
        *("saved_tensors", "register_buffer", "extra_repr", "item", "tolist"),
    }
)
"""What is harmless in a class or a main block, besides what a component may use."""
_COMPILERS = frozenset(
    {
        *("torch.compile", "torch.jit.script", "jit.script"),
        *("torch.jit.script_if_tracing", "jit.script_if_tracing"),
    }
)
"""Decorators that change how a function runs, and nothing that it computes."""


def runnable(source: str) -> str:
    r"""The source without its main block, the classes that nobody uses and `@torch.jit.script`.

    Their lines stay, empty, so that all others keep their numbers. A source that does not parse is
    given back as it is.

    >>> runnable("class A: pass\ndef f(x):\n    return x\nif __name__ == '__main__': f(1)")
    '\ndef f(x):\n    return x\n'
    >>> runnable("@torch.jit.script\ndef f(x):\n    return x")
    '\ndef f(x):\n    return x'
    """
    tree = _tree(source)
    lines = source.split("\n")
    for node in [] if tree is None else (*_beside(tree), *_compilers(tree)):
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        lines[first:last] = [""] * (last - first)
    return "\n".join(lines)


def check_beside(source: str) -> None:
    """Check the parts that are taken out: they load, import and execute nothing.

    Raises:
        Refused: names the construct and its line.
    """
    tree = _tree(source)
    for statement in [] if tree is None else _beside(tree):
        for node in ast.walk(statement):
            _check(node)


def _check(node: ast.AST) -> None:
    match node:
        case ast.Import(names):
            wrong = [alias.name for alias in names if alias.name not in MODULES]
        case ast.ImportFrom(module, names):
            is_known = module in MODULES
            wrong = [a.name for a in names if not is_known or a.name not in ATTRIBUTES]
        case ast.Name(name):
            is_builtin = hasattr(builtins, name) or name.startswith("__")
            wrong = [name] if is_builtin and name not in BUILTINS | _NAMES else []
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            wrong = [name] if name.startswith("__") and name not in _METHODS else []
        case ast.Attribute(ast.Name("self" | "ctx"), name):
            wrong = [name] if name.startswith("__") and name not in _METHODS else []
        case ast.Attribute(attr=name):
            wrong = [] if name in ATTRIBUTES | _ATTRIBUTES | _METHODS else [name]
        case ast.AsyncFunctionDef() | ast.Await() | ast.Global() | ast.Nonlocal():
            wrong = [type(node).__name__]
        case _:
            wrong = []
    if wrong:
        line = getattr(node, "lineno", 0)
        raise Refused(
            Stage.POLICY,
            f"line {line}: `{wrong[0]}` is not allowed, not even in a class or a main block beside "
            "the function; leave that part out",
        )


def _tree(source: str) -> ast.Module | None:
    if not any(word in source for word in ("class", "__main__", "@torch.", "@jit.")):
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
    for node in tree.body:
        is_unused = isinstance(node, ast.ClassDef) and not any(
            _mentions(other, node.name) for other in rest if other is not node
        )
        if (is_unused or _is_main_block(node)) and _has_lines_alone(tree, node):
            yield node


def _compilers(tree: ast.Module) -> Iterator[ast.expr]:
    """Decorators that ask for compilation alone: a component is traced anyway."""
    for node in tree.body:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            name = decorator.func if isinstance(decorator, ast.Call) else decorator
            given = decorator.keywords if isinstance(decorator, ast.Call) else []
            is_plain = all(isinstance(one.value, ast.Constant) for one in given)
            if ast.unparse(name) in _COMPILERS and is_plain and not getattr(decorator, "args", []):
                yield decorator


def _is_main_block(node: ast.stmt) -> bool:
    match node:
        case ast.If(
            ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")]), _, []
        ):
            return True
        case _:
            return False


def _mentions(node: ast.AST, name: str) -> bool:
    """Whether a statement has a name in it, as code or as text."""
    return any(
        (isinstance(part, ast.Name) and part.id == name)
        or (isinstance(part, ast.Constant) and isinstance(part.value, str) and name in part.value)
        for part in ast.walk(node)
    )


def _has_lines_alone(tree: ast.Module, node: ast.stmt) -> bool:
    """Whether no other statement shares a line with this one."""
    last = node.end_lineno or node.lineno
    return not any(
        other is not node and other.lineno <= last and (other.end_lineno or 0) >= node.lineno
        for other in tree.body
    )
