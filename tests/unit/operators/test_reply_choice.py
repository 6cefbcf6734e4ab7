"""Which of several blocks of a reply is the answer, and replies that leave it open."""

import pytest
from reply_samples import SINE, TANH, draft, fenced, function, is_half_sine

from operators.llm.modules import UnreadableError

BLOCKS_AFTER = {
    "slope": "Its slope, for reference:\n" + fenced("def slope(x):\n    return torch.cos(x)"),
    "slope of the same name": "The derivative is:\n" + fenced("def activation(x):\n    return x"),
    "parent": "The parent was:\n" + fenced(TANH),
    "original": "**Original function, for comparison:**\n\n" + fenced(TANH),
    "test": "A test:\n" + fenced("def test_it(x):\n    assert activation(x).shape == x.shape"),
    "check": "A quick check:\n" + fenced("def check(x):\n    return activation(x).isfinite()"),
    "plot": "To plot it:\n" + fenced("import matplotlib.pyplot as plt\nplt.plot(activation(x))"),
    "numpy": "It is\n" + fenced("import numpy as np\ndef activation(x):\n    return np.sin(x)"),
    "same again": "As a whole:\n" + fenced("# the answer\n" + SINE),
    "broken parent": "The parent:\n" + fenced("def activation(x):\n    return (x"),
    "use": "Use it so:\n" + fenced("import torch\nx = torch.ones(3)\nprint(activation(x))"),
    "alternative": "Alternatively:\n" + fenced(TANH),
}


@pytest.mark.parametrize("after", BLOCKS_AFTER.values(), ids=BLOCKS_AFTER.keys())
def test_a_later_block_is_not_taken_for_the_answer(after: str) -> None:
    said = draft(f"A sine, odd and bounded.\n\n{fenced(SINE)}\n\n{after}\n")

    assert is_half_sine(said.source)
    assert said.rationale == "A sine, odd and bounded."


@pytest.mark.parametrize(
    "before",
    [
        "First idea:\n" + fenced(TANH),
        "### Draft\n" + fenced(TANH),
        "The parent saturates early.\n\nThe parent:\n" + fenced(TANH),
        "Its slope would be:\n" + fenced("def slope(x):\n    return torch.cos(x)"),
        "A naive attempt:\n" + fenced("def activation(x):\n    return (x"),
    ],
)
def test_an_earlier_block_that_is_called_a_draft_is_not_the_answer(before: str) -> None:
    said = draft(f"{before}\nA sine waves on, and never saturates.\n\nFinal:\n{fenced(SINE)}")

    assert is_half_sine(said.source)
    assert said.rationale == "A sine waves on, and never saturates."


def test_code_of_the_prompt_is_a_quotation() -> None:
    text = f"This moves on from what stands there.\n{fenced(TANH)}\nIt waves:\n{fenced(SINE)}"
    shown = fenced("import torch\n\ndef activation(x):\n    return 0.5 * torch.tanh(x)")

    assert is_half_sine(draft(text, prompt=f"Improve this:\n{shown}").source)


@pytest.mark.parametrize(
    "text",
    [
        f"A sine.\n{fenced(SINE)}\nA tanh.\n{fenced(TANH)}",
        f"{fenced('def sine(x): return torch.sin(x)')}\n{fenced('def cosine(x): return x')}",
        f"Draft 1:\n{fenced(SINE)}\nDraft 2:\n{fenced(TANH)}",
    ],
)
def test_several_answers_are_refused_with_the_reason(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"2 different ones .* exactly one block"):
        draft(text)


def test_a_final_answer_that_is_broken_is_not_replaced_by_its_draft() -> None:
    broken = fenced("def activation(x):\n    return torch.tanh(x")

    with pytest.raises(UnreadableError, match="does not parse"):
        draft(f"Draft:\n{fenced(SINE)}\nFinal:\n{broken}")


def test_helpers_of_one_name_that_differ_are_refused() -> None:
    wave = fenced("A = 1.0\ndef wave(x):\n    return A * torch.sin(x)")

    with pytest.raises(UnreadableError, match="one definition of `A`"):
        draft(f"{wave}\nthen\n{fenced(function('activation', 'A * wave(x)', above='A = 2.0'))}")
