"""Uses of names that are harmless: variables, annotations, types in messages, `__all__`.

Library code calls its argument `input`, annotates with `object`, and says `{type(x)}` or
`"…{}".format(x)` when a check of its input fails. None of these reaches the builtin function in a
way that matters.
"""

import ast
from collections.abc import Iterator
from string import Formatter
from typing import TypeGuard

from evo.validation.policy.vocabulary import HARMFUL

_VARIABLES = frozenset(
    {"filter", "format", "hash", "id", "input", "iter", "next", "repr", "type", "vars"}
)
"""Builtin names that functions often give to their own parameters and variables."""
_ABOUT_A_FILE = frozenset({"__author__", "__copyright__", "__license__", "__version__"})
_ANNOTATIONS = frozenset({"object", "type"})
_TYPES = frozenset({"bytes", "complex", "frozenset", "set", "type"})
"""Builtin types that a check of an argument asks for."""
_QUESTIONS = frozenset(
    {
        *(
            "torch.cuda.is_available",
            "torch.cuda.is_bf16_supported",
            "torch.is_autocast_enabled",
            "torch.jit.is_scripting",
        ),
        *("torch.jit.is_tracing", "torch.onnx.is_in_onnx_export"),
        *("torch._utils.is_compiling", "torch.compiler.is_compiling"),
    }
)
"""Functions of torch that say where a component runs, which is no to all where it is traced."""
PRIVATE = frozenset(
    {
        f"{module}.{name}"
        for modules, names in (
            (("F", "functional", "nn.functional", "torch.nn.functional"),
             ("_Reduction.get_enum", "_Reduction.legacy_get_string")),
            (("init", "nn.init", "torch.nn.init"),
             ("_calculate_fan_in_and_fan_out", "_calculate_correct_fan")),
            (("torch._C._nn",),
             ("gelu", "huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss", "softplus")),
        )
        for module in modules
        for name in names
    }
)  # fmt: skip
"""Functions that torch keeps to itself and libraries call: arithmetic of sizes, texts, tensors."""
_LAST_PARTS = {name.rpartition(".")[2] for name in _QUESTIONS | PRIVATE}


def harmless(tree: ast.Module) -> set[ast.AST]:
    """The names of a tree, as nodes, that are builtin names and harmless where they stand."""
    nodes: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef():
                nodes |= _variables_of(node)
                nodes |= _types_of(node.returns)
            case ast.arg(annotation=annotation):
                nodes |= _types_of(annotation)
            case ast.AnnAssign(annotation=annotation):
                nodes |= _types_of(annotation)
            case ast.Call(
                ast.Attribute(ast.Constant(str(text)), "format") as method, arguments
            ) if _is_plain_format(text):
                nodes |= {method, *_types_in(arguments)}
            case ast.Module(body):
                nodes |= {part.value for part in body if _is_call_of_instance(part)}
                nodes |= {part.targets[0] for part in body if _is_about_the_file(part)}
            case ast.FormattedValue(ast.Call(ast.Name("type" | "repr") as name, [argument], [])):
                nodes |= set() if isinstance(argument, ast.Starred) else {name}
                if isinstance(argument, ast.Name) and argument.id in _VARIABLES:
                    nodes.add(argument)  # a message on a builtin is odd, and calls none
            case ast.withitem(ast.Call(ast.Attribute() as made)):
                # Of all contexts the rules let those pass alone that change nothing.
                nodes |= {one for one in ast.walk(made) if _is_of_gpus(one)}
            case _:
                nodes |= _questions_in(node)
    return nodes


def _is_of_gpus(node: ast.AST) -> bool:
    """True for `torch.cuda` in `torch.cuda.amp.autocast(enabled=False)`."""
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "torch.cuda"


def _questions_in(node: ast.AST) -> set[ast.AST]:
    """Names in a question about a value or a machine, and of what torch keeps to itself."""
    nodes: set[ast.AST] = set()
    match node:
        case ast.Call(ast.Name("hasattr") as name, [_, ast.Constant(str(text))], []):
            nodes |= set() if text.startswith("_") else {name}
        case ast.Call(ast.Name("getattr") as name, [_, ast.Constant(str(text)), _], []):
            nodes |= set() if text.startswith("_" * 2) else {name}
        case ast.Compare(_, [ast.In() | ast.NotIn()], [ast.Set() as choices]):
            nodes.add(choices)  # whose order does not matter
        case ast.BinOp(one, ast.BitOr(), other):
            nodes |= _array_types(one, other)
        case ast.Subscript(ast.Name("Union"), ast.Tuple(choices)):
            nodes |= _array_types(*choices)
        case ast.Attribute(ast.Name("torch"), "__version__", ast.Load()):
            nodes.add(node)  # a text
        case ast.Call(ast.Name("isinstance"), [_, types], []):
            names = [part for part in ast.walk(types) if isinstance(part, ast.Name)]
            nodes |= {name for name in names if name.id in _TYPES}
            nodes |= _array_types(*(types.elts if isinstance(types, ast.Tuple) else [types]))
        case ast.Attribute(_, "__doc__", ast.Load()):
            nodes.add(node)  # a text
        case ast.Attribute(owner, "__name__", ast.Load()):
            nodes |= {node, *_class_named(owner)}  # a text, for a message
        case _:
            nodes |= _of_torch(node)
    return nodes


def _of_torch(node: ast.AST) -> set[ast.AST]:
    """Names of what torch says of a machine, keeps to itself, or compiles."""
    nodes: set[ast.AST] = set()
    match node:
        case ast.Call(
            ast.Attribute(ast.Attribute(ast.Name("torch"), "jit") as part, "script") as function,
            [_],
            [],
        ):
            nodes |= {function, part}  # which is traced plainly
        case ast.Call(ast.Attribute(attr=last) as function, [], []) if _is_in(
            function, last, _QUESTIONS
        ):
            nodes |= {part for part in ast.walk(function) if isinstance(part, ast.Attribute)}
        case ast.Attribute(attr=last) if _is_in(node, last, PRIVATE):
            nodes |= {part for part in ast.walk(node) if isinstance(part, ast.Attribute)}
        case _:
            pass
    return nodes


def _class_named(owner: ast.expr) -> set[ast.AST]:
    """The node that reads a value's class, in `type(x).__name__` or `x.__class__.__name__`."""
    match owner:
        case ast.Attribute(_, "__class__"):
            return {owner}
        case ast.Call(ast.Name("type") as name, [_], []):
            return {name}
        case _:
            return set()


def _is_in(function: ast.Attribute, last: str, names: frozenset[str]) -> bool:
    """True if a function is one of some full names; most are told by the last part alone."""
    return last in _LAST_PARTS and ast.unparse(function) in names


def _is_plain_format(text: str) -> bool:
    """True if a format names whole values alone, and no attribute or item of one."""
    try:
        fields = [field[1:3] for field in Formatter().parse(text) if field[1] is not None]
    except ValueError:
        return False
    return all(
        (not name or name.isalnum()) and "{" not in (how or "")
        for name, how in fields
        if name is not None
    )


def _types_in(arguments: list[ast.expr]) -> set[ast.AST]:
    """The name `type` where a text is given the type of a value."""
    return {
        argument.func
        for argument in arguments
        if isinstance(argument, ast.Call) and ast.unparse(argument.func) == "type"
        if len(argument.args) == 1 and not argument.keywords
        if not isinstance(argument.args[0], ast.Starred)
    }


def _is_call_of_instance(part: ast.stmt) -> TypeGuard[ast.Assign]:
    """True if a statement of the module gives a name to what calling an instance runs."""
    match part:
        case ast.Assign([ast.Name()], ast.Attribute(ast.Name() | ast.Call(ast.Name()), "__call__")):
            return True
        case _:
            return False


def _is_about_the_file(part: ast.stmt) -> TypeGuard[ast.Assign]:
    """True if a statement of the module says what a file exports, or whose it is, as texts."""
    match part:
        case ast.Assign([ast.Name(name)], ast.Constant(str()) as text) if name in _ABOUT_A_FILE:
            texts: list[ast.expr] = [text]
        case ast.Assign([ast.Name("__all__")], ast.List(texts) | ast.Tuple(texts)):
            pass
        case _:
            return False
    return all(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in texts)


def _variables_of(function: ast.FunctionDef) -> set[ast.AST]:
    """Parameters and variables of a function, and where its body uses them."""
    arguments = function.args
    names = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names |= {
        node.id
        for node in _outside_inner_scopes(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    names &= _VARIABLES
    defaults = [*arguments.defaults, *(one for one in arguments.kw_defaults if one)]
    of_caller = {node for one in defaults for node in ast.walk(one)}
    return {
        node
        for node in ast.walk(function)
        if node not in of_caller
        and (
            (isinstance(node, ast.Name) and node.id in names)
            or (isinstance(node, ast.arg) and node.arg in names)
        )
    }


def _outside_inner_scopes(function: ast.FunctionDef) -> list[ast.AST]:
    """The nodes of a function's body that no function or comprehension in it holds."""
    nodes: list[ast.AST] = list(function.body)
    for node in nodes:
        if not _is_scope(node):
            nodes.extend(ast.iter_child_nodes(node))
    return nodes


def _is_scope(node: ast.AST) -> bool:
    return isinstance(
        node, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.DictComp | ast.GeneratorExp
    )


def _array_types(*types: ast.expr) -> set[ast.AST]:
    """The type of numpy's arrays among some types, which no tensor is of."""
    return {one for one in types if isinstance(one, ast.Attribute) and one.attr == "ndarray"}


def annotations(tree: ast.AST) -> Iterator[ast.expr]:
    """Annotations of arguments and results, which nothing evaluates."""
    for node in ast.walk(tree):
        annotation = None
        if isinstance(node, ast.FunctionDef):
            annotation = node.returns
        elif isinstance(node, ast.arg):
            annotation = node.annotation
        if annotation is not None:
            yield annotation


def _types_of(annotation: ast.expr | None) -> set[ast.AST]:
    """Names of classes in the annotation of an argument or a result, such as `np.ndarray`."""
    parts = [] if annotation is None else [*ast.walk(annotation)]
    if any(isinstance(part, ast.Call) for part in parts):
        return set()
    return _words_of(annotation) | {
        part
        for part in parts
        if isinstance(part, ast.Attribute)
        and not part.attr.startswith("_")
        and part.attr not in HARMFUL
    }


def _words_of(annotation: ast.expr | None) -> set[ast.AST]:
    if annotation is None:
        return set()
    return {
        node
        for node in ast.walk(annotation)
        if isinstance(node, ast.Name) and node.id in _ANNOTATIONS
    }
