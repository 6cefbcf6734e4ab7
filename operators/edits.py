"""The edits of mutation: each changes one place of a program, or says that it found none.

An edit takes a program that it may change in place, the contract's words and a generator, and
returns whether it changed anything. It need not look at the result: the operator does.
"""

import ast
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from operators.program import Program
from operators.simplify import is_non_negative
from operators.sites import Site
from operators.syntax import Number, binary, constant, number, same, scaled, size, words
from operators.terms import fill, fill_around, nice_number, pick, templates, term
from operators.values import MODULE, Value, Values, called, is_reshaping

Edit = Callable[[Program, np.random.Generator], bool]

_SNAPS = (0.01, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
_GUARD = 1e-5
"""Numbers below keep a logarithm or a root defined; to change them changes nothing else."""
_LONE_CALL = 3
"""Up to this size another call leaves nothing of the parent and finds what is known already."""
_NUMBER_CALLS = words(
    "celu clamp clip elu hardshrink hardtanh leaky_relu lerp nan_to_num softplus softshrink "
    "threshold where"
)
_DIRECTIONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.Lt,
    ast.Lt: ast.Gt,
    ast.GtE: ast.LtE,
    ast.LtE: ast.GtE,
}
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)


def perturb_constant(program: Program, rng: np.random.Generator) -> bool:
    """Scale a number, turn its sign, or snap it to a rounder one; exponents step by one."""
    values = program.values()
    sites = [site for site in program.sites() if _is_free_number(site, values)]
    if not sites:
        return False
    site = pick(sites, rng)
    value = number(site.node)
    assert value is not None
    if _is_exponent(site):
        site.put(constant(_stepped(value, rng)))
        return True
    may_flip = isinstance(site.holder, ast.BinOp | ast.Compare)
    site.put(constant(_perturbed(float(value), rng, may_flip=may_flip)))
    return True


def swap_operator(program: Program, rng: np.random.Generator) -> bool:
    """Another arithmetic operator, or the other direction of a comparison."""
    sites = [site for site in program.sites() if _has_operator(site)]
    if not sites:
        return False
    node = pick(sites, rng).node
    if isinstance(node, ast.Compare):
        node.ops = [_DIRECTIONS[type(node.ops[0])]()]
        return True
    assert isinstance(node, ast.BinOp)
    node.op = pick([op for op in _ARITHMETIC if not isinstance(node.op, op)], rng)()
    if isinstance(node.op, ast.Div) and number(node.right) is None:
        node.right = _off_zero(node.right)
    return True


def swap_call(program: Program, rng: np.random.Generator) -> bool:
    """Another call of the vocabulary on what a call works on."""
    if program.size <= _LONE_CALL:
        return False
    values = program.values()
    sites = [site for site in program.sites() if site.is_tensor and _calls(site, values)]
    if not sites:
        return False
    site = pick(sites, rng)
    assert isinstance(site.node, ast.Call)
    inner = [
        part for part in values.operands(site.node) if values.of(part, site.scope) == site.value
    ]
    options = [
        fill(template, inner if arity == len(inner) else [pick(inner, rng)])
        for arity in {1: None, len(inner): None}
        for template in templates(program.contract, arity)
    ]
    options = [
        call
        for call in options
        if values.of(call, site.scope) == site.value and _name_of(call) != called(site.node)
    ]
    if not options:
        return False
    site.put(pick(options, rng))
    return True


def wrap(program: Program, rng: np.random.Generator) -> bool:
    """A call of the vocabulary around a tensor."""
    values = program.values()
    site = _drawn_tensor(program, rng)
    if site is None:
        return False
    names = values.arguments(site.scope)
    around = {_name_of(site.node), _name_of(site.holder)}
    options = [
        call
        for template in program.contract.vocabulary
        if (template.count("{}") == 1 or (names and site.value == Value.TENSOR))
        for call in [fill_around(template, site.node, names, rng)]
        if values.of(call, site.scope) == site.value and _name_of(call) not in around
    ]
    if not options:
        return False
    site.put(pick(options, rng))
    return True


def insert_term(program: Program, rng: np.random.Generator) -> bool:
    """Add a scaled term to a tensor, or multiply it by one."""
    values = program.values()
    sites = [site for site in program.sites() if site.value == Value.TENSOR]
    sites = [site for site in sites if values.arguments(site.scope)]
    if not sites:
        return False
    site = pick(sites, rng)
    other = term(values.arguments(site.scope), program.contract, rng)
    if rng.random() < 0.35:
        site.put(binary(site.node, ast.Mult(), other))
    else:
        op = pick([ast.Add, ast.Sub], rng)()
        site.put(binary(site.node, op, scaled(nice_number(rng), other)))
    return True


def rescale(program: Program, rng: np.random.Generator) -> bool:
    """A factor or a shift for a tensor."""
    site = _drawn_tensor(program, rng)
    if site is None:
        return False
    if rng.random() < 0.65:
        site.put(scaled(nice_number(rng), site.node))
    else:
        op = pick([ast.Add, ast.Sub], rng)()
        site.put(binary(site.node, op, constant(nice_number(rng))))
    return True


def remove_term(program: Program, rng: np.random.Generator) -> bool:
    """One operand in place of an operation or call on it."""
    values = program.values()
    options = [
        (site, part)
        for site in program.sites()
        if site.is_tensor
        for part in _operands(site.node, values)
        if values.of(part, site.scope) == site.value
    ]
    if not options:
        return False
    site, part = pick(options, rng)
    site.put(part)
    return True


def use_argument(program: Program, rng: np.random.Generator) -> bool:
    """An argument in place of a tensor expression."""
    values = program.values()
    options = [
        (site, name)
        for site in program.sites()
        if site.value == Value.TENSOR
        for name in values.arguments(site.scope)
        if not same(site.node, ast.Name(name, ast.Load()))
    ]
    if not options:
        return False
    site, name = pick(options, rng)
    site.put(ast.Name(name, ast.Load()))
    return True


def renew(program: Program, rng: np.random.Generator) -> bool:
    """A new small term in place of a tensor expression that is small itself."""
    values = program.values()
    sites = [
        site
        for site in program.sites()
        if site.value == Value.TENSOR and size(site.node) <= 4 and values.arguments(site.scope)
    ]
    if not sites:
        return False
    site = pick(sites, rng)
    site.put(term(values.arguments(site.scope), program.contract, rng))
    return True


class Weighted(NamedTuple):
    """An edit and how often it is drawn; `growth` is the sign of its effect on the size."""

    edit: Edit
    weight: float
    growth: int


EDITS = (
    Weighted(perturb_constant, 3.0, 0),
    Weighted(swap_operator, 1.5, 0),
    Weighted(swap_call, 2.5, 0),
    Weighted(renew, 1.0, 0),
    Weighted(wrap, 1.5, 1),
    Weighted(insert_term, 2.0, 1),
    Weighted(rescale, 1.5, 1),
    Weighted(remove_term, 1.5, -1),
    Weighted(use_argument, 0.5, -1),
)


def _drawn_tensor(program: Program, rng: np.random.Generator) -> Site | None:
    sites = [site for site in program.sites() if site.is_tensor]
    return pick(sites, rng) if sites else None


def _is_free_number(site: Site, values: Values) -> bool:
    """Whether a number is a coefficient: changing it changes neither shapes nor counts."""
    value = number(site.node)
    if value is None or isinstance(site.holder, ast.UnaryOp) or 0 < abs(value) < _GUARD:
        return False
    if isinstance(value, float) or _is_exponent(site):
        return True
    match site.holder:
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as op) as holder:
            is_tensor = values.of(holder, site.scope) == Value.TENSOR
            return site.scope != MODULE and (is_tensor or isinstance(op, ast.Div))
        case ast.Compare() as holder:
            return values.of(holder, site.scope) == Value.MASK
        case ast.Call() as holder:
            return called(holder) in _NUMBER_CALLS
        case _:
            return False


def _is_exponent(site: Site) -> bool:
    """Whether the number is a whole exponent, which must stay whole for negative bases."""
    value = number(site.node)
    is_power = isinstance(site.holder, ast.BinOp) and isinstance(site.holder.op, ast.Pow)
    is_power = is_power and site.field == "right"
    is_call = isinstance(site.holder, ast.Call) and called(site.holder) in ("pow", "float_power")
    return (is_power or is_call) and value is not None and float(value).is_integer()


def _stepped(value: Number, rng: np.random.Generator) -> Number:
    """The exponent one up or down, within 2 to 5."""
    if abs(value) >= 5:
        return value - 1 if value > 0 else value + 1
    if abs(value) <= 2:
        return value + 1 if value > 0 else value - 1
    return value + pick([-1, 1], rng)


def _perturbed(value: float, rng: np.random.Generator, *, may_flip: bool) -> float:
    if value == 0.0:
        return nice_number(rng) * pick([-1.0, 1.0], rng)
    draw = rng.random()
    if may_flip and draw < 0.15:
        return -value
    if draw < 0.4:
        nearest = sorted(_SNAPS, key=lambda snap: abs(np.log(snap / abs(value))))
        return float(np.copysign(pick(nearest[:4], rng), value))
    factor = float(np.exp(rng.normal(0.0, 0.4)))
    return float(f"{float(np.clip(value * factor, -100.0, 100.0)):.3g}")


def _has_operator(site: Site) -> bool:
    match site.node:
        case ast.BinOp(op=op):
            return site.is_tensor and isinstance(op, _ARITHMETIC)
        case ast.Compare(ops=[op]):
            return site.value == Value.MASK and type(op) in _DIRECTIONS
        case _:
            return False


def _off_zero(node: ast.expr) -> ast.expr:
    """A divisor of the same making that is nowhere near zero."""
    positive = node if is_non_negative(node) else binary(node, ast.Pow(), ast.Constant(2))
    return binary(ast.Constant(1.0), ast.Add(), positive)


def _calls(site: Site, values: Values) -> bool:
    node = site.node
    return isinstance(node, ast.Call) and any(
        values.of(part, site.scope) == site.value for part in values.operands(node)
    )


def _operands(node: ast.expr, values: Values) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.IfExp(body=body, orelse=orelse):
            return [body, orelse]
        case ast.Call() if not is_reshaping(node):
            return values.operands(node)
        case _:
            return []


def _name_of(node: ast.AST) -> str:
    return called(node) if isinstance(node, ast.Call) else ""
