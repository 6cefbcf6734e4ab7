"""Replies of real models, and the source that is read from them."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operator_samples import CONTRACT, PAIR

from evo.core.messages import Reply
from evo.core.stages import Stage
from evo.validation.policy.rules import check_source
from operators.llm.modules import UnreadableError
from operators.llm.reading import ReplyComponent, read_reply

OTHER = "def activation(x):\n    return x"
BODY = "def activation(x):\n    return torch.sin(x)"


def draft(text: str, *, finish: str = "stop") -> ReplyComponent:
    return read_reply(Reply(text, finish, "m", 1, 1), CONTRACT)


def fenced(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}\n```"


def returned(source: str) -> str:
    return source.rsplit("return ", maxsplit=1)[-1].strip()


def test_the_rationale_is_the_prose_and_the_source_the_block() -> None:
    found = draft(f"**Rationale:** bounded and odd, so it trains.\n\n{fenced(BODY)}\n\nEnjoy!")

    assert found.rationale == "bounded and odd, so it trains."
    assert found.source == "import torch\n\n\n" + BODY + "\n"


@pytest.mark.parametrize("language", ["", "py", "python3", "Python", "python title=a.py"])
def test_a_fence_may_say_what_it_likes(language: str) -> None:
    assert returned(draft(fenced(BODY, language)).source) == "torch.sin(x)"


@pytest.mark.parametrize(
    "text",
    [
        f"<think>try {fenced(OTHER)} no</think>{fenced(BODY)}",
        f"{fenced(OTHER)} hm</think>\n{fenced(BODY)}",
        f"<Reasoning>\nlong\n</Reasoning>\n{fenced(BODY)}",
        f"Draft:\n{fenced(OTHER)}\nFinal:\n{fenced(BODY)}",
        f"{fenced(BODY)}\nUse it so:\n{fenced('y = activation(torch.ones(3))')}",
        f"Install:\n{fenced('pip install torch', 'bash')}\n{fenced(BODY)}",
        f"~~~python\n{BODY}\n~~~",
        f"````python\n{BODY}\n````",
        "1. Write\n   ```python\n   def activation(x):\n       return torch.sin(x)\n   ```",
        f"Sure, here it is.\n\n{BODY}\n\nIt is odd and bounded.",
        f"Here:\n```python\n{BODY}",
        '{"rationale": "odd", "code": "def activation(x):\\n    return torch.sin(x)"}',
        fenced("def wave(x):\n    return torch.sin(x)"),
        fenced("def activation(z):\n    return torch.sin(z)"),
        fenced("activation = lambda x: torch.sin(x)"),
        fenced(f"{BODY}\n\nx = torch.randn(5)\nprint(activation(x))"),
        fenced(f"{BODY}\n\nif __name__ == '__main__':\n    activation(1)"),
        fenced(BODY).replace("\n", "\r\n"),
    ],
)
def test_the_component_that_is_meant_is_read(text: str) -> None:
    source = draft(text).source

    check_source(source, CONTRACT)
    assert returned(source) == "torch.sin(x)"


def test_imports_that_are_used_are_supplied_and_others_dropped() -> None:
    source = draft(fenced("import numpy as np\n\ndef activation(x):\n    return F.silu(x)")).source

    assert source.startswith("import torch.nn.functional as F\n")
    assert "numpy" not in source


def test_a_forbidden_import_that_is_used_stays_for_the_policy_to_refuse() -> None:
    source = draft(fenced("import os\n\ndef activation(x):\n    return os.getcwd()")).source

    assert "import os" in source


def test_helpers_and_constants_come_along_and_defaults_become_constants() -> None:
    helper = "A = 0.5\n\ndef inner(t):\n    return A * t"
    code = f"{helper}\n\ndef act(x, beta=2.0):\n    return inner(x) * beta"

    source = draft(fenced(code)).source

    check_source(source, CONTRACT)
    assert "beta = 2.0" in source
    assert "A = 0.5" in source


def test_arguments_take_the_contracts_names_in_order() -> None:
    text = fenced("import torch\n\ndef mix(a, b):\n    return a * torch.sigmoid(b)")

    source = read_reply(Reply(text, "stop", "m", 1, 1), PAIR).source

    assert "def gate(signal, control):\n    return signal * torch.sigmoid(control)" in source


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        ("", "content_filter", "withheld"),
        ("", "oversized", "too long"),
        ("I cannot help with that.", "stop", "found no code$"),
        ("Let me think about", "length", r"cut off at its token limit"),
        ("<think>endless", "length", r"cut off at its token limit"),
        (fenced("def activation(x):\n    return (x"), "stop", "does not parse.*line 2"),
        (
            "```python\ndef activation(x):\n    return torch.tanh(",
            "length",
            "does not parse.*cut off",
        ),
        (fenced("class Act(nn.Module):\n    pass"), "stop", r"`activation\(x\)`, found none"),
        (
            fenced("def f():\n    return 0"),
            "stop",
            "found none",
        ),
        (fenced("x = " + "(" * 5000), "stop", "."),
    ],
)
def test_what_holds_no_component_is_unreadable_with_a_reason(text, finish, reason) -> None:
    with pytest.raises(UnreadableError, match=reason):
        draft(text, finish=finish)


@pytest.mark.parametrize(
    ("text", "finish", "stage"),
    [
        ("", "content_filter", Stage.WITHHELD),
        ("", "oversized", Stage.WITHHELD),
        ("", "thoughts", Stage.EMPTY),
        (" ", "length", Stage.EMPTY),
        ("<think>A draft, but", "stop", Stage.CUT),
        ("```python\ndef f(", "length", Stage.CUT),
        ("I would rather not.", "stop", Stage.REPLY),
    ],
)
def test_an_unreadable_reply_says_how_much_of_it_there_is(text, finish, stage) -> None:
    with pytest.raises(UnreadableError) as caught:
        draft(text, finish=finish)

    assert caught.value.stage is stage


@given(st.text(max_size=400))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    for said in (text, f"```python\n{text}\n```", f"{text}\n```python\n{BODY}\n```\n{text}"):
        try:
            ast.parse(draft(said).source)
        except UnreadableError as error:
            assert str(error)
