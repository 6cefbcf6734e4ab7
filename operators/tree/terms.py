"""New pieces of expressions: numbers, calls from the contract's vocabulary, terms made of both."""

import ast
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from evo.core.contract import Contract
from evo.core.syntax.trees import binary, clone, scaled, substitute

_T = TypeVar("_T")

_NICE = (0.1, 0.2, 0.25, 0.3, 0.5, 0.7, 0.75, 1.2, 1.5, 2.0, 3.0)
_SHARE_OF_CALLS = 0.75


def pick(options: Sequence[_T], rng: np.random.Generator) -> _T:
    """One of the options, all alike."""
    return options[int(rng.integers(len(options)))]


def choose(options: Sequence[_T], weights: Sequence[float], rng: np.random.Generator) -> _T:
    """One of the options, in proportion to the weights."""
    shares = np.asarray(weights) / np.sum(weights)
    return options[int(rng.choice(len(options), p=shares))]


def nice_number(rng: np.random.Generator) -> float:
    """A round number, such as a person would try first."""
    return pick(_NICE, rng)


def templates(contract: Contract, arity: int) -> list[str]:
    """The vocabulary's calls with that many tensor arguments."""
    return [text for text in contract.vocabulary if text.count("{}") == arity]


def fill_template(template: str, arguments: Sequence[ast.expr]) -> ast.expr:
    """A call of the vocabulary on copies of the arguments.

    >>> ast.unparse(fill_template("torch.exp(-torch.square({}))", [ast.Name("x")]))
    'torch.exp(-torch.square(x))'
    """
    names = [f"_{index}" for index in range(len(arguments))]
    call = ast.parse(template.format(*names), mode="eval").body
    return substitute(call, dict(zip(names, arguments, strict=True)))


def fill_around(
    template: str, inner: ast.expr, others: Sequence[str], rng: np.random.Generator
) -> ast.expr:
    """A call of the vocabulary on an expression, and on terms of other tensors where it wants more.

    Args:
        template: the call.
        inner: goes to one of its places, drawn.
        others: names of tensors for the other places.
        rng: draws.
    """
    arguments = [plain_term(others, rng) for _ in range(template.count("{}") - 1)]
    arguments.insert(int(rng.integers(len(arguments) + 1)), inner)
    return fill_template(template, arguments)


def plain_term(names: Sequence[str], rng: np.random.Generator) -> ast.expr:
    """A tensor by name, with a factor or without."""
    name = ast.Name(pick(names, rng), ast.Load())
    return name if rng.random() < 0.4 else scaled(nice_number(rng), name)


def learned(node: ast.expr, contract: Contract, rng: np.random.Generator) -> ast.expr:
    """A tensor expression times what training moves, or plus that where it starts at 0.

    Args:
        node: an expression of the entry function.
        contract: with learnables.
        rng: draws one of them.
    """
    learnable = pick(contract.learnables, rng)
    name = ast.Name(learnable.name, ast.Load())
    return binary(name, ast.Mult(), node) if learnable.initial else binary(node, ast.Add(), name)


def term(names: Sequence[str], contract: Contract, rng: np.random.Generator) -> ast.expr:
    """A small tensor expression over names: mostly a call on one, sometimes a product or a name."""
    unary = templates(contract, 1)
    if unary and rng.random() < _SHARE_OF_CALLS:
        return fill_template(pick(unary, rng), [plain_term(names, rng)])
    name = ast.Name(pick(names, rng), ast.Load())
    if rng.random() < 0.5:
        return name
    return binary(clone(name), ast.Mult(), ast.Name(pick(names, rng), ast.Load()))
