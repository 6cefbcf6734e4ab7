"""Syntax that a candidate may use, and what to write in place of other syntax."""

import ast

_SYNTAX: tuple[type[ast.AST], ...] = (
    # statements
    ast.Module, ast.FunctionDef, ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For,
    ast.If, ast.Expr, ast.Pass, ast.Break, ast.Continue, ast.Assert, ast.Raise, ast.With,
    ast.Import, ast.ImportFrom, ast.Try, ast.ExceptHandler, ast.While,
    # expressions
    ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.IfExp, ast.Lambda, ast.ListComp,
    ast.DictComp, ast.GeneratorExp, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Subscript,
    ast.Slice, ast.Constant, ast.Name, ast.Attribute, ast.Starred, ast.NamedExpr, ast.JoinedStr,
    # parts of the above
    ast.arguments, ast.arg, ast.keyword, ast.comprehension, ast.alias, ast.operator, ast.unaryop,
    ast.boolop, ast.cmpop, ast.expr_context, ast.withitem, ast.FormattedValue,
)  # fmt: skip

_REMEDIES: dict[type[ast.AST], tuple[str, str]] = {
    ast.While: (
        "`while`",
        "write `for i in range(n)` with a fixed n; it may compare numbers of dimensions or sizes",
    ),
    ast.ClassDef: ("`class`", "define it at the top level"),
    ast.Set: ("a set", "write a tuple; the order of a set changes from process to process"),
    ast.SetComp: ("a set", "write a list; the order of a set changes from process to process"),
    ast.AsyncFunctionDef: ("`async def`", "write `def`"),
    ast.Await: ("`await`", "call the function plainly"),
    ast.Yield: ("`yield`", "return one tensor"),
    ast.YieldFrom: ("`yield from`", "return one tensor"),
    ast.Global: ("`global`", "pass the value as an argument"),
    ast.Nonlocal: ("`nonlocal`", "pass the value as an argument"),
    ast.Delete: ("`del`", "leave it out"),
    ast.Match: ("`match`", "choose between tensors with torch.where"),
}

_SIZES = frozenset({"dim", "ndim", "ndimension", "numel", "shape", "size"})


def is_allowed(node: ast.AST) -> bool:
    """True if a node of a tree is syntax that a candidate may use."""
    match node:
        case ast.Set(elements):
            return _are_texts(elements)
        case ast.Delete(targets):
            return all(isinstance(one, ast.Name) for one in targets)
        case ast.Del():
            return True
        case ast.While(test, body):
            return _is_of_sizes(test) or _counts(test, body)
        case _:
            return isinstance(node, _SYNTAX)


def remedy_of(node: ast.AST) -> tuple[str, str]:
    """The name of a node that is not allowed, and what to write instead."""
    return _REMEDIES.get(type(node), (type(node).__name__, "use plain functions and expressions"))


def is_harmless_context(item: ast.withitem) -> bool:
    """True if a `with` changes nothing that a component computes."""
    match item:
        case ast.withitem(
            ast.Call(ast.Attribute(attr=name) | ast.Name(name), arguments, keywords), None
        ) if name in {"no_grad", "enable_grad"}:
            return not arguments and not keywords
        case ast.withitem(ast.Call(ast.Attribute(attr="set_grad_enabled"), [_], []), None):
            return True
        case ast.withitem(
            ast.Call(ast.Attribute(attr="autocast") | ast.Name("autocast"), _, keywords), None
        ):
            return any(
                keyword.arg == "enabled"
                and isinstance(keyword.value, ast.Constant)
                and keyword.value.value is False
                for keyword in keywords
            )
        case _:
            return False


def _is_of_sizes(test: ast.expr) -> bool:
    """True if a loop goes on by a comparison of ranks or sizes, `while m.dim() < x.dim()`."""
    return isinstance(test, ast.Compare) and any(
        (isinstance(part, ast.Attribute) and part.attr in _SIZES)
        or (isinstance(part, ast.Name) and part.id == "len")
        for part in ast.walk(test)
    )


def _counts(test: ast.expr, body: list[ast.stmt]) -> bool:
    """True if a loop goes on by a comparison with a variable that it counts: `while i < 3`."""
    match test:
        case ast.Compare(ast.Name(name), [_], [ast.Name() | ast.Constant()]):
            return any(
                isinstance(part, ast.AugAssign)
                and isinstance(part.target, ast.Name)
                and part.target.id == name
                and isinstance(part.value, ast.Constant)
                for part in body
            )
        case _:
            return False


def _are_texts(elements: list[ast.expr]) -> bool:
    """True if a set is one of different texts, as a check of a mode has; it runs as a tuple."""
    texts = [one.value for one in elements if isinstance(one, ast.Constant)]
    is_of_texts = len(texts) == len(elements) and all(isinstance(text, str) for text in texts)
    return is_of_texts and len({*texts}) == len(texts)
