"""The form of a component: its source with the numbers taken out.

Components of one form differ in their numbers alone, so numbers can be searched apart from the form
by an optimiser that knows how the others of that form fared. The key of a form is plain text, found
without parsing: history holds many components, and few are ever asked about.
"""

import ast
import re
from dataclasses import dataclass

from evo.core.contract import Contract
from evo.core.syntax.trees import Number, constant, number, walk
from operators.tree.coefficients import free_numbers
from operators.tree.program import Program

_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
SLOT = "#"
"""Stands for a number in the key of a form."""


def form_key(source: str) -> tuple[str, tuple[float, ...]]:
    r"""The key of a source's form, and its numbers in the order of the text, without their signs.

    >>> form_key("def f(x):\n    return 0.5 * torch.log1p(x) - 3 * x")
    ('def f(x):\n    return # * torch.log1p(x) - # * x', (0.5, 3.0))
    """
    return _NUMBER.sub(SLOT, source), tuple(float(text) for text in _NUMBER.findall(source))


@dataclass(frozen=True)
class Form:
    """A source as its form and numbers, of which some may change.

    Attributes:
        key: equal for all components of the form.
        numbers: in the order of the text, without their signs.
        free: indices of those that may change: neither shapes, exponents, guards nor zeros.
    """

    key: str
    numbers: tuple[float, ...]
    free: tuple[int, ...]
    _pieces: tuple[str, ...]
    _texts: tuple[str, ...]

    @classmethod
    def of(cls, source: str, contract: Contract) -> "Form":
        """The form of a source as `write_program` writes it; nothing is free in any other."""
        key, numbers = form_key(source)
        pieces = tuple(_NUMBER.split(source))
        texts = tuple(_NUMBER.findall(source))
        return cls(key, numbers, _free(source, numbers, contract), pieces, texts)

    def source(self, values: dict[int, Number]) -> str:
        """The source with other numbers at some indices, rounded as numbers of offspring are."""
        texts = [
            ast.unparse(constant(values[index])) if index in values else text
            for index, text in enumerate(self._texts)
        ]
        return "".join(piece + text for piece, text in zip(self._pieces, [*texts, ""], strict=True))


def _free(source: str, numbers: tuple[float, ...], contract: Contract) -> tuple[int, ...]:
    program = Program.read(source, contract)
    nodes = [
        node for node in walk(program.tree) if isinstance(node, ast.Constant) and _is_number(node)
    ]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset))
    if [number(node) for node in nodes] != list(numbers):
        return ()
    places = {id(node): index for index, node in enumerate(nodes)}
    sites = (_unsigned(site.node) for site in free_numbers(program.survey()))
    return tuple(sorted(places[id(node)] for node in sites))


def _is_number(node: ast.Constant) -> bool:
    return number(node) is not None


def _unsigned(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.UnaryOp):
        node = node.operand
    return node
