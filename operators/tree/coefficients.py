"""The numbers of a component: which may change freely, and how they change."""

import ast

import numpy as np

from evo.core.syntax.trees import Number, constant, number
from operators.tree.calls import NUMBERED, called_name
from operators.tree.sites import Site, Survey
from operators.tree.terms import nice_number, pick
from operators.tree.values import MODULE, ExpressionType

USUAL_SPREAD = 0.4
"""Standard deviation of the logarithm of a number's change, unless a step size says otherwise."""

_SNAPS = (0.01, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
_MANTISSAS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 10.0)
_GUARD = 1e-5
"""Numbers below keep a root or a quotient defined; to change them changes nothing else."""


def perturb_constant(
    survey: Survey, rng: np.random.Generator, *, spread: float = USUAL_SPREAD
) -> bool:
    """Scale a number, turn its sign, or snap it to a rounder one; exponents step by one.

    Args:
        survey: of the program, which changes in place.
        rng: draws place and number.
        spread: standard deviation of the logarithm of a scale.
    """
    sites = coefficients(survey)
    if not sites:
        return False
    site = pick(sites, rng)
    value = number(site.node)
    assert value is not None
    if _is_exponent(site):
        site.put(constant(_stepped(value, rng)))
    else:
        may_flip = isinstance(site.holder, ast.BinOp | ast.Compare)
        site.put(constant(_perturbed(float(value), rng, spread, may_flip=may_flip)))
    return True


def coefficients(survey: Survey) -> list[Site]:
    """The places of numbers that may change, whole exponents among them."""
    return [site for site in survey.sites if _is_coefficient(site, survey)]


def free_numbers(survey: Survey) -> list[Site]:
    """The places of numbers that may take any value near their own: no exponents, no zeros."""
    return [site for site in coefficients(survey) if not _is_exponent(site) and number(site.node)]


def rounded(value: Number) -> Number:
    """The nearest number, by ratio, that a person would write; whole numbers stay as they are.

    >>> rounded(0.483), rounded(-1.9), rounded(0.271), rounded(1.04), rounded(3)
    (0.5, -2.0, 0.25, 1.0, 3)
    """
    if isinstance(value, int) or value == 0.0:
        return value
    decade = 10.0 ** np.floor(np.log10(abs(value)))
    mantissa = abs(value) / decade
    nearest = min(_MANTISSAS, key=lambda plain: abs(np.log(plain / mantissa)))
    return float(np.copysign(float(f"{nearest * decade:.3g}"), value))


def is_guard(node: ast.expr) -> bool:
    """True if this is a tiny number that keeps a root or a quotient defined."""
    value = number(node)
    return value is not None and 0 < abs(value) < _GUARD


def is_guarded(node: ast.expr) -> bool:
    """True if this is an operation with a guard."""
    return isinstance(node, ast.BinOp) and (is_guard(node.left) or is_guard(node.right))


def _is_coefficient(site: Site, survey: Survey) -> bool:
    """True if a number may change without changing a shape, a count or a guard."""
    value = number(site.node)
    if value is None or isinstance(site.holder, ast.UnaryOp) or is_guard(site.node):
        return False
    if isinstance(value, float) or _is_exponent(site):
        return True
    match site.holder:
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as op) as holder:
            is_tensor = survey.value(holder, site) == ExpressionType.TENSOR
            return site.scope != MODULE and (is_tensor or isinstance(op, ast.Div))
        case ast.Compare() as holder:
            return survey.value(holder, site) == ExpressionType.MASK
        case ast.Call() as holder:
            return called_name(holder) in NUMBERED
        case _:
            return False


def _is_exponent(site: Site) -> bool:
    """True if a number is a whole exponent, which must stay whole for negative bases."""
    value = number(site.node)
    match site.holder:
        case ast.BinOp(op=ast.Pow()):
            is_power = site.field == "right"
        case ast.Call() as call:
            is_power = called_name(call) == "pow"
        case _:
            is_power = False
    return is_power and value is not None and value % 1 == 0


def _stepped(exponent: Number, rng: np.random.Generator) -> Number:
    """The exponent one up or down, within 2 to 5 or -5 to -2."""
    sign = 1 if exponent > 0 else -1
    steps = [step for step in (-1, 1) if 2 <= abs(exponent) + step <= 5]
    return exponent + sign * (pick(steps, rng) if steps else 0)


def _perturbed(value: float, rng: np.random.Generator, spread: float, *, may_flip: bool) -> float:
    if value == 0.0:
        return nice_number(rng) * pick([-1.0, 1.0], rng)
    draw = rng.random()
    if may_flip and draw < 0.15:
        return -value
    if draw < 0.4:
        nearest = sorted(_SNAPS, key=lambda snap: abs(np.log(snap / abs(value))))
        return float(np.copysign(pick(nearest[:4], rng), value))
    return float(np.clip(value * np.exp(rng.normal(0.0, spread)), -100.0, 100.0))
