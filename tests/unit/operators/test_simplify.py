import pytest
import torch
from operator_samples import ALL, BASELINES, component, outputs, rewritten, tidied


@pytest.mark.parametrize(
    ("written", "simple"),
    [
        ("--x", "x"),
        ("x + 0", "x"),
        ("0.0 + x", "x"),
        ("1.0 * x", "x"),
        ("x / 1", "x"),
        ("x ** 1", "x"),
        ("x - -0.3", "x + 0.3"),
        ("x + -0.3 * torch.sin(x)", "x - 0.3 * torch.sin(x)"),
        ("-x + torch.sin(x)", "torch.sin(x) - x"),
        ("-(x - torch.sin(x))", "torch.sin(x) - x"),
        ("-x * -torch.sin(x)", "x * torch.sin(x)"),
        ("2.0 * x * 0.25", "0.5 * x"),
        ("0.5 * (0.3 * torch.sin(x))", "0.15 * torch.sin(x)"),
        ("x + (torch.sin(x) - 1.0) + 3.0", "x + torch.sin(x) + 2.0"),
        ("x + 0.5 * x", "1.5 * x"),
        ("3.0 * x / 4.0", "0.75 * x"),
        ("x / 2.0 / 4.0", "x / 8.0"),
        ("F.relu(F.relu(x))", "F.relu(x)"),
        ("F.relu(torch.sigmoid(x))", "torch.sigmoid(x)"),
        ("torch.clamp(torch.clamp(x, -1.0, 1.0), -1.0, 1.0)", "torch.clamp(x, -1.0, 1.0)"),
        ("torch.maximum(x, x)", "x"),
        ("torch.where(x > 0, x, x)", "x"),
        ("torch.abs(-0.5 * x)", "torch.abs(0.5 * x)"),
        ("(-x) ** 2", "x ** 2"),
    ],
)
def test_an_expression_takes_its_shorter_form(written: str, simple: str) -> None:
    assert tidied(written) == simple


@pytest.mark.parametrize(
    "written",
    [
        "(x > 0) * 1.0",
        "(x > 0) + 0",
        "torch.clamp(torch.clamp(x, -1.0, 1.0), -1.0, 2.0)",
        "torch.tanh(torch.tanh(x))",
        "1.0507009873554805 * x",
        "1 / 3 * x",
        "torch.sin(x - x)",
        "x - torch.sin(x)",
        "F.relu(torch.sin(x))",
    ],
)
def test_what_is_needed_stays_as_the_author_wrote_it(written: str) -> None:
    assert tidied(written) == written


def test_merged_numbers_have_three_digits() -> None:
    assert tidied("0.123456 * (0.98765 * x)") == "0.122 * x"


def test_a_mask_by_name_keeps_what_makes_it_a_number() -> None:
    source = component("mask = x > 0\nreturn x + torch.sin(mask * 1.0)")

    assert "mask * 1.0" in rewritten(source)


@pytest.mark.parametrize("name", ALL)
def test_tidying_changes_no_function(name: str) -> None:
    inputs = [torch.linspace(-8.0, 8.0, 64)]

    before = outputs(ALL[name], "activation", inputs)
    after = outputs(rewritten(ALL[name]), "activation", inputs)

    assert torch.allclose(before, after, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_tidying_twice_is_tidying_once(name: str) -> None:
    once = rewritten(ALL[name])

    assert rewritten(once) == once


def test_baselines_are_tidy_but_for_their_docstrings() -> None:
    source = BASELINES["leaky_relu"]

    assert source.endswith(rewritten(source).removeprefix("import torch.nn.functional as F\n"))
