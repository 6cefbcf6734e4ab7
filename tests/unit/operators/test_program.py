import pytest
from operator_samples import CONTRACT, PAIR, UNUSABLE, WILD, component, rewritten, signature

from operators.tree.program import Program


@pytest.mark.parametrize("source", UNUSABLE)
def test_a_source_of_no_use_becomes_the_identity(source: str) -> None:
    program = Program.read(source, CONTRACT)

    assert (program.size, signature(rewritten(source), "activation")) == (1, ["x"])


def test_docstrings_are_dropped_everywhere() -> None:
    text = rewritten(WILD["gelu_by_hand"])

    assert "Approximates" not in text
    assert "GPT" not in text


def test_the_entry_function_comes_last() -> None:
    source = (
        "import torch\ndef activation(x):\n    return f(x)\ndef f(t):\n    return torch.sin(t)\n"
    )

    assert signature(rewritten(source), "activation") == ["x"]


def test_of_two_entry_functions_the_last_counts() -> None:
    source = component("return F.relu(x)") + component("return torch.sin(x)")

    text = rewritten(source)

    assert "relu" not in text
    assert signature(text, "activation") == ["x"]


def test_an_entry_function_by_lambda_becomes_one_by_def() -> None:
    text = rewritten("import torch\nactivation = lambda x: torch.sin(x)\n")

    assert text == "import torch\n\n\ndef activation(x):\n    return torch.sin(x)\n"


def test_arguments_beyond_the_contract_become_locals() -> None:
    source = "def activation(x, beta=0.5, *, shift=1.0):\n    return torch.sin(beta * x) + shift\n"

    text = rewritten(source)

    assert signature(text, "activation") == ["x"]
    assert "beta = 0.5" in text
    assert "shift = 1.0" in text


def test_a_module_goes_by_the_name_the_contract_gives_it() -> None:
    text = rewritten(WILD["renamed_modules"])

    assert "torch.tanh(z)" in text
    assert "F.relu(x)" in text


def test_a_constant_with_the_name_of_a_module_is_renamed() -> None:
    text = rewritten(WILD["renamed_modules"])

    assert "F_2 = 0.3" in text
    assert "F_2 * z" in text


def test_unused_imports_constants_locals_and_helpers_are_dropped() -> None:
    above = "import math\nUNUSED = 3\ndef helper(t):\n    return t\n"
    source = component("y = 3\ny += 1\nz = torch.sin(x)\nreturn torch.cos(x)\nreturn z", above)

    assert rewritten(source) == "import torch\n\n\ndef activation(x):\n    return torch.cos(x)\n"


def test_a_loop_that_feeds_itself_alone_is_dropped() -> None:
    body = (
        "y = 0.0\nfor k in range(3):\n    y = y + torch.sin(k * x)\n    y *= 2\nreturn torch.cos(x)"
    )

    text = rewritten(component(body))

    assert text == "import torch\n\n\ndef activation(x):\n    return torch.cos(x)\n"


def test_what_runs_in_a_loop_stays() -> None:
    text = rewritten(WILD["static_loop"])

    assert "for k in range(N_TERMS):" in text
    assert "N_TERMS = 4" in text


def test_layout_is_that_of_formatters() -> None:
    expected = (
        "from math import pi, sqrt\nimport torch\n\nSCALE = 1 / sqrt(2 * pi)\nSHIFT = -0.25\n\n\n"
        "def activation(x):\n"
    )

    assert rewritten(WILD["many_steps"]).startswith(expected)


def test_two_arguments_keep_their_order() -> None:
    source = (
        "import torch\ndef gate(signal, control):\n    return signal * torch.sigmoid(control)\n"
    )

    assert signature(rewritten(source, PAIR), "gate") == ["signal", "control"]
