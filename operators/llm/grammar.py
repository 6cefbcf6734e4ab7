"""A grammar of components for models too small to write Python unaided: llama.cpp's GBNF.

It allows a line of rationale and one function of the contract's own calls, a few deep. A larger
model writes better without it.
"""

import json

from evo.core.contract import Contract

_DEPTH = 3


def grammar(contract: Contract) -> str:
    r"""The grammar of replies that define a component in the contract's words.

    >>> from evo.core.contract import Contract
    >>> one = Contract("k", "f", ("x",), ("import torch",), ("torch.tanh({})",), "…")
    >>> print(grammar(one).splitlines()[0])
    root ::= rationale head expression0 "\n```"

    Where an expression is not yet what the kind returns, it stands in the contract's output:

    >>> from dataclasses import replace
    >>> print(grammar(replace(one, output="torch.mean({})")).splitlines()[0])
    root ::= rationale head "torch.mean(" expression0 ")" "\n```"
    """
    parameters = ", ".join(contract.parameters)
    head = "\n".join(
        ("\n```python", *contract.imports, "", "", f"def {contract.function}({parameters}):")
    )
    rules = [
        f'root ::= rationale head {_call(contract.output, 0)} "\\n```"',
        'rationale ::= "Rationale: " [A-Za-z] [A-Za-z ,]{20,120} "."',
        f"head ::= {_literal(head + chr(10) + '    return ')}",
        'number ::= [0-3] "." [0-9] [1-9]',
        f"argument ::= {' | '.join(map(_literal, _arguments(contract)))}",
        'operation ::= " + " | " - " | " * "',
    ]
    for level in range(_DEPTH):
        calls = [_call(template, level + 1) for template in contract.vocabulary]
        # The whole is two terms: of one term alone most is known already.
        expression = f"term{level} operation term{level}"
        if level:
            expression += f' | term{level} | number " * " term{level}'
        rules += [
            f"expression{level} ::= {expression}",
            f"term{level} ::= call{level}" + (' | argument | number " * " argument' * bool(level)),
            f"call{level} ::= {' | '.join(calls)}",
        ]
    rules.append(f'expression{_DEPTH} ::= argument | number " * " argument')
    return "\n".join(rules) + "\n"


def _arguments(contract: Contract) -> list[str]:
    """The arguments, bare and together with what is learned."""
    return [
        *contract.arguments,
        *(
            f"{one.name} * {argument}" if one.initial else f"({argument} + {one.name})"
            for one in contract.learnables
            for argument in contract.arguments
        ),
    ]


def _call(template: str, level: int) -> str:
    """A call of the vocabulary with expressions in its places."""
    parts: list[str] = []
    for place, text in enumerate(template.split("{}")):
        parts += [f"expression{level}"] * (place > 0) + [_literal(text)] * bool(text)
    return " ".join(parts)


def _literal(text: str) -> str:
    return json.dumps(text)
