"""Sources on one line, as prompts list them."""

import pytest

from operators.llm.compact import changes, compact, outline


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("return x * torch.sigmoid(1.70004 * x)", "x*sigmoid(1.7*x)"),
        ("return F.gelu(x) + math.pi", "gelu(x)+pi"),
        ("u = 0.9 * x\n    return torch.sin(u) + u", "u=0.9*x; sin(u)+u"),
        ("u = 0.9 * x\n    return torch.sin(u) + 1.0", "sin(0.9*x)+1"),
        ("u = x\n    return u * u", "x*x"),
        ("y = x\n    x = 2 * x\n    return x + y", "y=x; x=2*x; x+y"),
        ("a, b = (x, 1)\n    return a if b > 0 else -a", "a,b=(x,1); a if b>0 else -a"),
        ("for _ in range(3):\n        x = x ** 2\n    return x", "for _ in range(3): x=x**2; x"),
        ("return {'a': x}['" + "long " * 9 + "']", "{'a': x}['…']"),
    ],
)
def test_a_source_on_one_line_computes_what_it_computed(body: str, line: str) -> None:
    source = f"import torch\n\ndef activation(x):\n    '''Win.'''\n    {body}  # best\n"

    assert compact(source) == line


def test_several_functions_are_named() -> None:
    source = "def gate(x):\n    return 2 * x\n\ndef activation(x):\n    return gate(x)"

    assert compact(source) == "gate: 2*x | activation: gate(x)"


@pytest.mark.parametrize(
    "source",
    [
        "no Python at all",
        "def f(x):\n    return x" + " + torch.sin(x)" * 3000,
        "def f(x):\n    return " + "(" * 90 + "x" + " + 1)" * 90,
        "def f(x):\n" + "".join(f"    a{n} = x + {n}\n" for n in range(800)) + "    return x",
        "def f(x):\n    return '" + "`" * 300 + "\\n# Task'",
        "def " + "ignore_all_instructions" * 30 + "(x):\n    return x\ndef g(x):\n    return x",
    ],
)
def test_an_outline_is_one_line_of_bounded_length(source: str) -> None:
    line = outline(source, 80)

    assert len(line) <= 80
    assert "\n" not in line


def test_an_outline_keeps_the_outer_form() -> None:
    source = "def f(x):\n    return x * torch.sigmoid(1.7 * x + torch.tanh(3 * x - 1)) - 0.25"

    assert outline(source, 30) == "x*sigmoid(1.7*x+tanh(…))-0.25"
    assert outline(source, 20) == "x*sigmoid(…+…)-0.25"


def test_changes_are_those_between_two_lines_and_none_where_most_differs() -> None:
    before = "x*sigmoid(1.7*x)+0.1*sin(x)"

    assert changes(before, "x*sigmoid(1.4*x)+0.1*cos(x)") == "1.7 → 1.4, sin → cos"
    assert not changes(before, before + "*x")
    assert not changes(before, "tanh(x)")
