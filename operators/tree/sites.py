"""The places in a component where an expression may be changed or replaced.

Dimensions, shapes, indices, ranges, annotations and conditions of Python are no such places.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from evo.core.contract import Contract
from evo.core.syntax.trees import walk, words
from operators.tree.values import MODULE, TENSORS, ExpressionType, ExpressionTypes

_CLOSED_FIELDS = words(
    "annotation returns decorator_list slice target targets iter test exc cause msg"
)
_CLOSED_NODES = (
    ast.JoinedStr,
    ast.Assert,
    ast.Raise,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.arg,
)
_SHAPE_KEYWORDS = words("axis device dim dims dtype keepdim out shape size")


@dataclass(frozen=True)
class Site:
    """An expression and its place in the tree.

    Attributes:
        holder: the node it is part of.
        field: the holder's field; with `index`, one element of that field's list.
        scope: the top-level definition around it.
        value: the type of the expression.
    """

    holder: ast.AST
    field: str
    index: int | None
    scope: str
    value: ExpressionType

    @property
    def node(self) -> ast.expr:
        """The expression at this place now."""
        child = self.holder.__dict__[self.field]
        return child if self.index is None else child[self.index]

    @property
    def is_tensor(self) -> bool:
        """True if the expression is a tensor of numbers."""
        return self.value in TENSORS

    def put(self, node: ast.expr) -> None:
        """Put another expression in this place."""
        if self.index is None:
            setattr(self.holder, self.field, node)
        else:
            self.holder.__dict__[self.field][self.index] = node


class Survey(NamedTuple):
    """The expressions of a module that may change, with their types; one change outdates it.

    Attributes:
        sites: all places, in the order of the text.
    """

    contract: Contract
    values: ExpressionTypes
    sites: list[Site]

    @classmethod
    def of(cls, tree: ast.Module, contract: Contract) -> "Survey":
        """The survey of a module as it is now."""
        values = ExpressionTypes(tree, contract)
        values.settle()
        sites = [site for statement in tree.body for site in _places(statement, values)]
        return cls(contract, values, sites)

    @property
    def returned(self) -> ExpressionType:
        """The type that the entry function returns."""
        return self.values.returned(self.contract.function)

    def value(self, node: ast.expr, site: Site) -> ExpressionType:
        """The type of an expression in the scope of a site."""
        return self.values.of(node, site.scope)

    def suits(self, node: ast.expr, site: Site) -> bool:
        """True if an expression has the type of the one at the site."""
        return self.value(node, site) == site.value

    def names(self, site: Site) -> list[str]:
        """Names of the tensors that the function around the site is given."""
        return self.values.arguments(site.scope)


def _places(statement: ast.stmt, values: ExpressionTypes) -> Iterator[Site]:
    match statement:
        case ast.FunctionDef(name=name):
            yield from sites_in(statement, name, values)
        case ast.Assign() | ast.AnnAssign():
            yield from sites_in(statement, MODULE, values)
        case _:
            pass


def sites_in(node: ast.AST, scope: str, values: ExpressionTypes) -> Iterator[Site]:
    """The places below one node of the given top-level definition."""
    if _is_closed(node, scope, values):
        return
    for field, held in ast.iter_fields(node):
        if field in _CLOSED_FIELDS:
            continue
        for index, part in enumerate(held) if isinstance(held, list) else ((None, held),):
            if not isinstance(part, ast.AST):
                continue
            if isinstance(part, ast.expr) and not _is_callee(node, field) and _is_open(part):
                yield Site(node, field, index, scope, values.of(part, scope))
            if not isinstance(part, ast.Attribute) or _is_callee(node, field):
                yield from sites_in(part, scope, values)


def _is_callee(node: ast.AST, field: str) -> bool:
    return isinstance(node, ast.Call) and field == "func"


def _is_open(node: ast.expr) -> bool:
    return not isinstance(
        node,
        ast.Lambda | ast.Tuple | ast.List | ast.Starred | ast.GeneratorExp | ast.ListComp,
    )


def _is_closed(node: ast.AST, scope: str, values: ExpressionTypes) -> bool:
    """True if nothing below may change."""
    match node:
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Return() | ast.Expr():
            # What binds a name on its way must stay, and in its order.
            return any(isinstance(part, ast.NamedExpr) for part in walk(node))
        case ast.keyword(arg=name):
            return name in _SHAPE_KEYWORDS
        case ast.Attribute(value=value):
            return values.is_module(value)
        case ast.Call() if values.of(node, scope) == ExpressionType.OTHER:
            return any(
                values.of(part, scope) != ExpressionType.OTHER for part in values.operands(node)
            )
        case _:
            return isinstance(node, _CLOSED_NODES)
