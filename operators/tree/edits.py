"""The edits of mutation: each changes one place of a program, or says that it found none.

An edit takes the survey of a program, which it changes in place, and a generator, and returns
whether it changed anything. It need not judge the result: the operator does.
"""

import ast

import numpy as np

from evo.core.syntax.trees import binary, constant, number, same, scaled, size
from operators.tree.calls import EXTREMA, RESHAPING, called_name
from operators.tree.coefficients import is_guard, is_guarded
from operators.tree.signs import is_non_negative
from operators.tree.sites import Site, Survey
from operators.tree.terms import (
    fill_around,
    fill_template,
    learned,
    nice_number,
    pick,
    templates,
    term,
)
from operators.tree.values import ExpressionType

_SMALL = 4
"""Size up to which a term is renewed whole."""
_SHARE_OF_PRODUCTS = 0.35
_SHARE_OF_FACTORS = 0.65
_SHARE_OF_LEARNED = 0.5
_DIRECTIONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.Lt,
    ast.Lt: ast.Gt,
    ast.GtE: ast.LtE,
    ast.LtE: ast.GtE,
}
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)


def swap_operator(survey: Survey, rng: np.random.Generator) -> bool:
    """Another arithmetic operator, or the other direction of a comparison."""
    sites = [site for site in survey.sites if _has_operator(site)]
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


def swap_call(survey: Survey, rng: np.random.Generator) -> bool:
    """Another call of the vocabulary on what a call works on."""
    options = [
        (site, parts)
        for site in survey.sites
        if site.is_tensor and isinstance(site.node, ast.Call) and not _is_alone(site, survey)
        for parts in [replacements(site, survey)]
        if parts
    ]
    if not options:
        return False
    site, parts = pick(options, rng)
    calls = [
        fill_template(template, parts if arity == len(parts) else [pick(parts, rng)])
        for arity in sorted({1, len(parts)})
        for template in templates(survey.contract, arity)
    ]
    return _put_one_of(calls, site, survey, rng)


def wrap(survey: Survey, rng: np.random.Generator) -> bool:
    """A call of the vocabulary around a tensor."""
    sites = [site for site in survey.sites if site.is_tensor]
    if not sites:
        return False
    site = pick(sites, rng)
    names = survey.names(site) if site.value == ExpressionType.TENSOR else []
    calls = [
        fill_around(template, site.node, names, rng)
        for template in survey.contract.vocabulary
        if names or template.count("{}") == 1
    ]
    return _put_one_of(calls, site, survey, rng)


def insert_term(survey: Survey, rng: np.random.Generator) -> bool:
    """Add a scaled term to a tensor, or multiply it by one."""
    sites = _tensors_beside_names(survey)
    if not sites:
        return False
    site = pick(sites, rng)
    other = term(survey.names(site), survey.contract, rng)
    if rng.random() < _SHARE_OF_PRODUCTS:
        site.put(binary(site.node, ast.Mult(), other))
    else:
        op = pick([ast.Add, ast.Sub], rng)()
        site.put(binary(site.node, op, scaled(nice_number(rng), other)))
    return True


def rescale(survey: Survey, rng: np.random.Generator) -> bool:
    """A factor or a shift for a tensor: a number, or one that is learned where there are such."""
    sites = [site for site in survey.sites if site.is_tensor]
    if not sites:
        return False
    site = pick(sites, rng)
    if _may_learn(site, survey) and rng.random() < _SHARE_OF_LEARNED:
        site.put(learned(site.node, survey.contract, rng))
    elif rng.random() < _SHARE_OF_FACTORS:
        site.put(scaled(nice_number(rng), site.node))
    else:
        op = pick([ast.Add, ast.Sub], rng)()
        site.put(binary(site.node, op, constant(nice_number(rng))))
    return True


def insert_number(survey: Survey, rng: np.random.Generator, *, spread: float) -> bool:
    """A factor near 1 or a shift near 0 for a tensor, to be tuned further.

    Args:
        survey: of the program, which changes in place.
        rng: draws place and number.
        spread: standard deviation of the factor's logarithm, and of the shift.
    """
    sites = [site for site in survey.sites if site.is_tensor]
    if not sites:
        return False
    site, step = pick(sites, rng), float(rng.normal(0.0, spread))
    if rng.random() < _SHARE_OF_FACTORS:
        site.put(scaled(float(np.exp(step)), site.node))
    else:
        site.put(binary(site.node, ast.Add(), constant(step)))
    return True


def remove_term(survey: Survey, rng: np.random.Generator) -> bool:
    """One operand in place of an operation or call on it."""
    options = [
        (site, part)
        for site in survey.sites
        if site.is_tensor
        for part in replacements(site, survey)
    ]
    if not options:
        return False
    site, part = pick(options, rng)
    site.put(part)
    return True


def use_argument(survey: Survey, rng: np.random.Generator) -> bool:
    """An argument in place of a tensor expression."""
    options = [
        (site, ast.Name(name, ast.Load()))
        for site in _tensors_beside_names(survey)
        for name in survey.names(site)
    ]
    options = [(site, name) for site, name in options if not same(site.node, name)]
    if not options:
        return False
    site, name = pick(options, rng)
    site.put(name)
    return True


def renew(survey: Survey, rng: np.random.Generator) -> bool:
    """A new small term in place of a small tensor expression."""
    sites = [
        site
        for site in _tensors_beside_names(survey)
        if size(site.node) <= _SMALL and not isinstance(site.holder, ast.Return)
    ]
    if not sites:
        return False
    site = pick(sites, rng)
    site.put(term(survey.names(site), survey.contract, rng))
    return True


def replacements(site: Site, survey: Survey) -> list[ast.expr]:
    """Operands of the operation or call at a site that could replace it."""
    match site.node:
        case ast.BinOp(left=left, right=right) as node if not is_guarded(node):
            parts = [left, right]
        case ast.UnaryOp(operand=operand):
            parts = [operand]
        case ast.IfExp(body=body, orelse=orelse):
            parts = [body, orelse]
        case ast.Call() as node if called_name(node) not in RESHAPING | EXTREMA:
            parts = [_unguarded(part) for part in survey.values.operands(node)]
        case _:
            parts = []
    return [part for part in parts if survey.suits(part, site)]


def _tensors_beside_names(survey: Survey) -> list[Site]:
    """Sites for new terms: full tensors in functions with tensor arguments."""
    return [
        site for site in survey.sites if site.value == ExpressionType.TENSOR and survey.names(site)
    ]


def _may_learn(site: Site, survey: Survey) -> bool:
    """True if learned numbers are at hand, and keep the shape."""
    is_home = site.scope == survey.contract.function
    return bool(survey.contract.learnables) and is_home and site.value == ExpressionType.TENSOR


def _put_one_of(
    calls: list[ast.expr], site: Site, survey: Survey, rng: np.random.Generator
) -> bool:
    """Put a call that keeps the shape and differs from the expressions there and around."""
    around = {called_name(site.node), called_name(site.holder)}
    fitting = [
        call for call in calls if survey.suits(call, site) and called_name(call) not in around
    ]
    if not fitting:
        return False
    site.put(pick(fitting, rng))
    return True


def _is_alone(site: Site, survey: Survey) -> bool:
    """True if a call is all there is: another would leave nothing of the parent."""
    return isinstance(site.holder, ast.Return) and all(
        isinstance(part, ast.Name) for part in replacements(site, survey)
    )


def _has_operator(site: Site) -> bool:
    match site.node:
        case ast.BinOp(op=op) as node:
            return site.is_tensor and isinstance(op, _ARITHMETIC) and not is_guarded(node)
        case ast.Compare(ops=[op]):
            return site.value == ExpressionType.MASK and type(op) in _DIRECTIONS
        case _:
            return False


def _off_zero(node: ast.expr) -> ast.expr:
    """A divisor of the same making that is nowhere near zero."""
    positive = node if is_non_negative(node) else binary(node, ast.Pow(), ast.Constant(2))
    return binary(ast.Constant(1.0), ast.Add(), positive)


def _unguarded(node: ast.expr) -> ast.expr:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right) if is_guard(right):
            return left
        case _:
            return node
