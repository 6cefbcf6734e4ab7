"""Write a graph as a Python function of torch operators."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch

from evo.api.codegen.operators import (
    ATOM,
    COMPARISON,
    CodeExpression,
    OperatorCall,
    listed,
    literal_code,
    size_code,
)
from evo.validation.graph.document import Document, read_document
from evo.validation.graph.sizes import Formula, ShapeSlice, Size
from evo.validation.graph.step import GraphStep

WriteCall = Callable[[OperatorCall], CodeExpression]

_LONGEST_LINE = 100
_LONGEST_INLINE = 70
"""Characters up to which a value that is used once stands where it is used."""
_NUMBERS = (torch.float32, torch.int64)
"""Dtypes of constants of one number that mean the same as a plain number in arithmetic."""


def function_source(
    text: str,
    name: str,
    arguments: Sequence[str],
    write: WriteCall,
    *,
    docstring: str,
    left_out: Collection[str] = (),
) -> str:
    """The source of a function that computes a graph.

    Args:
        text: of the graph.
        name: of the function.
        arguments: names of its arguments, one per input of the graph.
        write: writes each call, see `operators`.
        docstring: of the function, one line.
        left_out: arguments that the graph does not read, and the function does not take.
    """
    document = read_document(text)
    lines: list[str] = []
    for case in (document, *document.others):
        writer = _Writer(case, arguments, write)
        of_case = [*writer.lines(), f"return {writer.output().text}"]
        if not document.others:
            lines = of_case
            break
        lines += [f"if {_condition(case, arguments)}:", *(f"    {line}" for line in of_case)]
    if document.others:
        lines.append('raise ValueError("no case for inputs of these sizes")')
    taken = [argument for argument in arguments if argument not in left_out]
    typed = ", ".join(f"{argument}: torch.Tensor" for argument in taken)
    head = f"def {name}({typed}) -> torch.Tensor:"
    if len(head) > _LONGEST_LINE:
        head = f"def {name}(\n    {typed}\n) -> torch.Tensor:"
    body = "".join(f"    {line}\n" for line in lines)
    return f'{head}\n    """{docstring}"""\n{body}'


def _condition(case: Document, names: Sequence[str]) -> str:
    """The sizes at which a case of a graph holds."""
    parts: list[str] = []
    for formula, outcome in case.when:
        code = size_code(formula, names)
        parts.append(code.within(COMPARISON) if outcome else f"not ({code.text})")
    return " and ".join(parts)


class _Writer:
    def __init__(self, document: Document, names: Sequence[str], write: WriteCall) -> None:
        self._document = document
        self._names = names
        self._write = write
        self._values: dict[int, CodeExpression] = {
            number: CodeExpression(name, ATOM) for number, name in enumerate(names)
        }
        self._numbers: dict[int, CodeExpression] = {}
        """Constants of one number, as plain numbers."""
        self._taken = set(names)
        for number, constant in enumerate(document.nodes, len(names)):
            if constant is not None:
                self._values[number] = self._constant(constant)
                if constant.dim() == 0 and constant.dtype in _NUMBERS:
                    self._numbers[number] = literal_code(constant.item())
        self._uses = Counter(
            source
            for step in document.steps
            for source in (
                *(source for _, source in step.single),
                *(source for _, sources in step.several for source in sources),
            )
        )
        self._uses[document.output] += 1

    def lines(self) -> list[str]:
        """Assignments of the values that are used more than once, or are long."""
        lines: list[str] = []
        for step in self._document.steps:
            if not self._uses[step.number]:
                continue
            code = self._code(step)
            is_output = step.number == self._document.output
            if self._uses[step.number] > 1 or (len(code.text) > _LONGEST_INLINE and not is_output):
                name = self._fresh()
                lines.append(f"{name} = {code.text}")
                code = CodeExpression(name, ATOM)
            self._values[step.number] = code
        return lines

    def output(self) -> CodeExpression:
        """The output, once `lines` has been called."""
        return self._values[self._document.output]

    def _fresh(self) -> str:
        number = 1
        while f"h{number}" in self._taken:
            number += 1
        self._taken.add(f"h{number}")
        return f"h{number}"

    def _code(self, step: GraphStep) -> CodeExpression:
        if step.operator is None:
            source = self._values[step.single[0][1]]
            return CodeExpression(f"{source.within(ATOM)}[{step.arguments[1]}]", ATOM)
        single, several = dict(step.single), dict(step.several)
        arguments: list[CodeExpression] = []
        for position, argument in enumerate(step.arguments):
            if position in single:
                arguments.append(self._values[single[position]])
            elif position in several:
                arguments.append(
                    listed(
                        [
                            CodeExpression("None", ATOM) if source is None else self._values[source]
                            for source in several[position]
                        ]
                    )
                )
            else:
                arguments.append(self._plain(argument))
        taken = single.keys() | several.keys()
        call = OperatorCall(
            step.name,
            arguments,
            [None if place in taken else value for place, value in enumerate(step.arguments)],
            {
                place: self._numbers[source]
                for place, source in step.single
                if source in self._numbers
            },
            {name: self._plain(value) for name, value in step.keywords.items()},
            self._names[0] if step.makes else "",
        )
        return self._write(call)

    def _plain(self, value: Any) -> CodeExpression:
        if isinstance(value, Size | Formula | ShapeSlice):
            return size_code(value, self._names)
        if isinstance(value, list):
            return listed([self._plain(item) for item in value])
        return literal_code(value)

    def _constant(self, constant: torch.Tensor) -> CodeExpression:
        values = _nested(constant.tolist())
        return CodeExpression(
            f"torch.tensor({values}, dtype={constant.dtype}, device={self._names[0]}.device)", ATOM
        )


def _nested(values: Any) -> str:
    if isinstance(values, list):
        return f"[{', '.join(map(_nested, values))}]"
    return literal_code(values).text
