"""Uses of names that are harmless: variables, annotations, types in messages, a look for CUDA.

Library code calls its argument `input`, annotates with `object`, and says `{type(x)}` when a check
of its input fails. None of these reaches the builtin function in a way that matters.
"""

import ast

_VARIABLES = frozenset({"filter", "format", "hash", "id", "input", "iter", "next", "type", "vars"})
"""Builtin names that functions often give to their own parameters and variables."""
_ANNOTATIONS = frozenset({"object", "type"})


def harmless(tree: ast.Module) -> set[ast.AST]:
    """The names of a tree, as nodes, that are builtin names and harmless where they stand."""
    nodes: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef():
                nodes |= _variables_of(node)
                nodes |= _words_of(node.returns)
            case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation):
                nodes |= _words_of(annotation)
            case ast.Call(
                ast.Attribute(ast.Attribute(ast.Name("torch"), "cuda") as module, "is_available"),
                [],
                [],
            ):
                nodes |= {module, node.func}
            case ast.FormattedValue(ast.Call(ast.Name("type") as name, [argument], [])):
                nodes |= set() if isinstance(argument, ast.Starred) else {name}
                if isinstance(argument, ast.Name) and argument.id in _VARIABLES:
                    nodes.add(argument)  # a message on a builtin is odd, and calls none
            case _:
                pass
    return nodes


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


def _words_of(annotation: ast.expr | None) -> set[ast.AST]:
    if annotation is None:
        return set()
    return {
        node
        for node in ast.walk(annotation)
        if isinstance(node, ast.Name) and node.id in _ANNOTATIONS
    }
