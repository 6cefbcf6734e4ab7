"""Light type inference: which expressions of a component are tensors, so that edits stay valid.

Tensors enter by the parameters of the entry function and flow through assignments and helper
functions until nothing changes. Where the inference cannot know it says `OTHER`, and such
expressions are left alone; it must never be needed for safety.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from evo.core.contract import Contract
from evo.core.syntax.names import import_name, parameters
from evo.core.syntax.trees import children
from operators.tree.calls import EXTREMA, MASKS, PLAIN, RESHAPING, called_name

MODULE = "<module>"
"""Scope of statements outside every function."""

_STEPS = (
    ast.Return
    | ast.Assign
    | ast.AnnAssign
    | ast.AugAssign
    | ast.NamedExpr
    | ast.For
    | ast.comprehension
    | ast.Call
)


class ExpressionType(IntEnum):
    """The type of an expression; a greater value absorbs a smaller one in arithmetic.

    OTHER     a number, a shape, or something unknown
    SEVERAL   a list or another collection of tensors
    MASK      a tensor of truth values
    RESHAPED  a tensor of another shape than the arguments', such as a mean
    TENSOR    a tensor of the arguments' shape
    """

    OTHER = 0
    SEVERAL = 1
    MASK = 2
    RESHAPED = 3
    TENSOR = 4


_TYPES_OF_INPUTS = {
    "argument": ExpressionType.TENSOR,
    "feature": ExpressionType.RESHAPED,
    "row": ExpressionType.RESHAPED,
    "column": ExpressionType.RESHAPED,
    "number": ExpressionType.OTHER,
}
TENSORS = (ExpressionType.TENSOR, ExpressionType.RESHAPED)


@dataclass
class _Function:
    """A function or named lambda.

    Attributes:
        scope: the top-level definition that contains it.
        steps: its nodes by which a value gets a name or leaves it.
        value: what it returns, as far as is known.
    """

    scope: str
    parameters: list[str]
    steps: list[ast.AST]
    value: ExpressionType = ExpressionType.OTHER


@dataclass
class _Scope:
    arguments: list[str] = field(default_factory=list[str])
    names: dict[str, ExpressionType] = field(default_factory=dict[str, ExpressionType])


class ExpressionTypes:
    """The inference over one tree; it knows expressions of that tree and any built from its names.

    Args:
        tree: a module that defines the contract's entry function.
        contract: its parameters are the tensors that enter.
    """

    def __init__(self, tree: ast.Module, contract: Contract) -> None:
        self._scopes = {MODULE: _Scope()}
        self._functions: dict[str, _Function] = {}
        self._modules: set[str] = set()
        self._has_grown = False
        self._known: dict[tuple[ast.expr, str], ExpressionType] | None = None
        for statement in tree.body:
            name = statement.name if isinstance(statement, ast.FunctionDef) else MODULE
            self._enter(statement, name)
        for argument in contract.arguments:
            self._scopes[contract.function].names[argument] = ExpressionType.TENSOR
        # Scalars are taken for numbers, which nothing is wrapped around.
        for learnable in contract.learnables:
            self._scopes[contract.function].names[learnable.name] = ExpressionType.RESHAPED
        for one in contract.taken:
            self._scopes[contract.function].names[one.name] = _TYPES_OF_INPUTS[one.shape]
        self._spread()

    def settle(self) -> None:
        """Cache types from now on; the tree's expressions must not change any more."""
        self._known = {}

    def of(self, node: ast.expr, scope: str) -> ExpressionType:
        """The type of an expression inside a top-level definition."""
        if isinstance(node, ast.Name):
            return self._scopes[scope].names.get(node.id, ExpressionType.OTHER)
        if self._known is None:
            return self._of(node, scope)
        value = self._known.get((node, scope))
        if value is None:
            value = self._known[node, scope] = self._of(node, scope)
        return value

    def _of(self, node: ast.expr, scope: str) -> ExpressionType:  # noqa: PLR0911 - a line a case
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                return self._arithmetic(op, [left, right], scope)
            case ast.UnaryOp(operand=operand) | ast.NamedExpr(value=operand):
                return self.of(operand, scope)
            case ast.Compare(left=left, comparators=right):
                return min(self._greatest([left, *right], scope), ExpressionType.MASK)
            case ast.IfExp(body=body, orelse=orelse):
                return self._greatest([body, orelse], scope)
            case ast.Subscript(value=value):
                whole = self.of(value, scope)
                return (
                    ExpressionType.TENSOR
                    if whole == ExpressionType.SEVERAL
                    else min(whole, ExpressionType.RESHAPED)
                )
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return min(self._greatest(parts, scope), ExpressionType.SEVERAL)
            case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
                return min(self.of(element, scope), ExpressionType.SEVERAL)
            case ast.Starred(value=value):
                return self.of(value, scope)
            case ast.Call():
                return self._call(node, scope)
            case _:
                return ExpressionType.OTHER

    def returned(self, function: str) -> ExpressionType:
        """The type that a function returns."""
        return self._functions[function].value

    def operands(self, call: ast.Call) -> list[ast.expr]:
        """The operands of a call: the object of a method, then all arguments."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if isinstance(call.func, ast.Attribute) and not self.is_module(call.func.value):
            return [call.func.value, *given]
        return given

    def is_module(self, node: ast.expr) -> bool:
        """True if this names an imported module or something inside one."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self._modules

    def arguments(self, scope: str) -> list[str]:
        """The tensors that a top-level function is given, in the order of its signature."""
        names = self._scopes[scope].names
        return [
            name
            for name in self._scopes[scope].arguments
            if names.get(name) == ExpressionType.TENSOR
        ]

    def _enter(self, node: ast.AST, scope: str) -> None:
        """Note every function below a node."""
        match node:
            case ast.FunctionDef(name=name, args=args, body=body):
                self._note(name, scope, args, body)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda(args=args, body=body)):
                self._note(name, scope, args, [ast.Return(body)])
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                self._modules |= {import_name(alias) for alias in names}
            case ast.expr() if not isinstance(node, ast.Lambda):
                return
            case _:
                pass
        for child in children(node):
            self._enter(child, scope)

    def _note(self, name: str, scope: str, args: ast.arguments, body: list[ast.stmt]) -> None:
        names = [parameter.arg for parameter in parameters(args)]
        if scope not in self._scopes:
            self._scopes[scope] = _Scope(names)
        steps: list[ast.AST] = [node for node in _own_nodes(body) if isinstance(node, _STEPS)]
        self._functions[name] = _Function(scope, names, steps)

    def _spread(self) -> None:
        """Pass over all functions until nothing becomes more than it was."""
        self._has_grown = True
        while self._has_grown:
            self._has_grown = False
            for function in self._functions.values():
                for node in function.steps:
                    self._learn(node, function)

    def _learn(self, node: ast.AST, function: _Function) -> None:
        scope = function.scope
        match node:
            case ast.Return(value=ast.expr() as value):
                returned = max(function.value, self.of(value, scope))
                self._has_grown |= returned != function.value
                function.value = returned
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value, scope)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.AugAssign(target=target, value=value)
                | ast.NamedExpr(target=target, value=value)
            ):
                self._bind(target, value, scope)
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                self._bind(target, _element_of(value), scope)
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                self._pass_arguments(node, self._functions[name], scope)
            case _:
                pass

    def _bind(self, target: ast.expr, value: ast.expr, scope: str) -> None:
        match target, value:
            case ast.Name(id=name), _:
                self._raise(name, scope, self.of(value, scope))
            case ast.Tuple(elts=names), ast.Tuple(elts=parts) if len(names) == len(parts):
                for name, part in zip(names, parts, strict=True):
                    self._bind(name, part, scope)
            case ast.Tuple(elts=names), _:
                for name in names:
                    self._bind(name, _element_of(value), scope)
            case _:
                pass

    def _pass_arguments(self, call: ast.Call, callee: _Function, scope: str) -> None:
        given = [*zip(callee.parameters, call.args, strict=False)]
        given += [(keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg]
        for name, value in given:
            self._raise(name, callee.scope, self.of(value, scope))

    def _raise(self, name: str, scope: str, value: ExpressionType) -> None:
        names = self._scopes[scope].names
        if value > names.get(name, ExpressionType.OTHER):
            names[name] = value
            self._has_grown = True

    def _arithmetic(self, op: ast.operator, operands: list[ast.expr], scope: str) -> ExpressionType:
        value = self._greatest(operands, scope)
        if isinstance(op, ast.MatMult):
            return min(value, ExpressionType.RESHAPED)
        if value == ExpressionType.MASK and not isinstance(op, ast.BitAnd | ast.BitOr | ast.BitXor):
            return ExpressionType.TENSOR
        return value

    def _call(self, call: ast.Call, scope: str) -> ExpressionType:
        operands = self.operands(call)
        values = [self.of(operand, scope) for operand in operands]
        value = max(values, default=ExpressionType.OTHER)
        name, is_own = called_name(call), isinstance(call.func, ast.Name)
        if is_own and name in self._functions:
            return self._functions[name].value
        if name in PLAIN or (is_own and name == "float"):
            return ExpressionType.OTHER
        if name in MASKS:
            return ExpressionType.MASK if value else ExpressionType.OTHER
        # Python's own `sum` and `max` go over a list of tensors and keep their shape.
        lone = sum(operand in TENSORS for operand in values) == 1
        if not is_own and (name in RESHAPING or (name in EXTREMA and lone)):
            return ExpressionType.RESHAPED if value else ExpressionType.OTHER
        return (
            ExpressionType.TENSOR
            if value in (ExpressionType.SEVERAL, ExpressionType.MASK)
            else value
        )

    def _greatest(self, nodes: Iterable[ast.expr], scope: str) -> ExpressionType:
        return max((self.of(node, scope) for node in nodes), default=ExpressionType.OTHER)


def _element_of(value: ast.expr) -> ast.expr:
    return ast.Subscript(value, ast.Constant(0), ast.Load())


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Nodes of a function without those of functions defined in it, which are noted by name."""
    pending = [*reversed(body)]
    while pending:
        yield (node := pending.pop())
        if not isinstance(node, ast.FunctionDef):
            pending += reversed(children(node))
