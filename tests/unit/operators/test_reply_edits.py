"""Replies that change the component shown instead of writing a whole one."""

import ast
import time

import pytest
import torch
from operator_samples import CONTRACT
from reply_samples import SINE, TANH, computed, fenced

from evo.core.contract import Learnable
from evo.core.messages import Reply
from operators.llm.learned import as_argument
from operators.llm.modules import UnreadableError
from operators.llm.reading import read_reply

LONG = (
    "import torch\n\ndef activation(x):\n    gate = torch.sigmoid(x)\n"
    "    wave = torch.sin(x)\n    return gate * wave"
)
X = torch.linspace(-3, 3, 7)


def edited(text: str, *parents: str) -> str:
    return read_reply(Reply(text, "stop", "m", 1, 1), CONTRACT, parents=parents).source


def change(old: str, new: str) -> str:
    return f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE"


@pytest.mark.parametrize(
    "text",
    [
        change("    wave = torch.sin(x)", "    wave = torch.cos(x)"),
        change("wave = torch.sin(x)", "wave = torch.cos(x)"),
        change("torch.sin(x)", "torch.cos(x)"),
        change("        wave  =  torch.sin( x )", "        wave = torch.cos(x)"),
        fenced(change("    wave = torch.sin(x)", "    wave = torch.cos(x)")),
        fenced(
            "@@ -4,3 +4,3 @@\n gate = 1\n-    wave = torch.sin(x)\n+    wave = torch.cos(x)", "diff"
        ),
        "--- a\n+++ b\n@@\n-    wave = torch.sin(x)\n+    wave = torch.cos(x)\n\nIt is even.",
        '{"old_string": "torch.sin(x)", "new_string": "torch.cos(x)"}',
        '{"edits": [{"search": "wave = torch.sin(x)", "replace": "wave = torch.cos(x)"}]}',
        "*** Begin Patch\n*** Update File: c.py\n@@ def activation(x):\n-    wave = torch.sin(x)\n"
        "+    wave = torch.cos(x)\n     return gate * wave\n*** End Patch",
        fenced("wave = torch.cos(x)\nreturn gate * wave"),
    ],
)
def test_an_edit_changes_the_component_that_was_shown(text: str) -> None:
    source = edited(f"An even wave.\n\n{text}", LONG)

    torch.testing.assert_close(computed(source), torch.sigmoid(X) * torch.cos(X))


def test_all_of_several_edits_are_applied_or_none() -> None:
    first = change("gate = torch.sigmoid(x)", "gate = torch.tanh(x)")
    wrong = change("gate = torch.relu(x)", "gate = x")

    both = edited(f"{first}\n\nand\n\n{change('torch.sin(x)', 'x')}", LONG)
    torch.testing.assert_close(computed(both), torch.tanh(X) * X)
    with pytest.raises(UnreadableError, match="old lines are not in the component shown"):
        edited(f"{first}\n\n{wrong}", LONG)


@pytest.mark.parametrize(
    ("parents", "reason"),
    [((), "was not shown"), ((SINE, TANH), "fits several"), ((LONG,), "old lines are not in")],
)
def test_an_edit_that_fits_no_one_component_is_refused(parents: tuple[str], reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        edited(change("    return 0.5 *", "    return 0.7 *"), *parents)


def test_an_edit_beside_the_whole_function_needs_no_parent() -> None:
    text = f"{change('return torch.cos(x)', 'return x')}\n\nThe whole:\n\n{fenced(SINE)}"

    torch.testing.assert_close(computed(edited(text)), 0.5 * torch.sin(X))


def test_an_edit_of_one_of_two_parents_finds_its_own() -> None:
    source = edited(change("torch.sin(x)", "torch.sin(2 * x)"), TANH, SINE)

    torch.testing.assert_close(computed(source), 0.5 * torch.sin(2 * X))


@pytest.mark.parametrize(
    "text", ["<<<<<<< SEARCH\n" * 12_000, "--- a\n+++ b\n@@\n" * 12_000, '{"a":' * 30_000]
)
def test_a_reply_of_broken_edits_costs_no_time(text: str) -> None:
    begun = time.process_time()

    with pytest.raises(UnreadableError):
        edited(text, LONG)

    assert time.process_time() - begun < 3.0


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("nn.Parameter(torch.tensor(0.25))", "a - 0.75"),
        ("nn.Parameter(torch.ones(1))", "a"),
        ("torch.nn.Parameter(torch.zeros(()))", "b"),
        ("nn.Parameter(torch.full((1,), 1.5))", "a + 0.5"),
        ("nn.Parameter(0.5 * torch.ones(1))", "a - 0.5"),
        ("nn.Parameter(torch.Tensor([start]))", "a + (start - 1.0)"),
        ("nn.Parameter(torch.ones(units))", None),
        ("nn.Parameter(torch.randn(1))", None),
    ],
)
def test_a_parameter_of_a_class_starts_where_its_author_wants_it(
    made: str, expected: str | None
) -> None:
    value = ast.parse(made, mode="eval").body
    argument = as_argument(value, [Learnable("a", "layer", 1.0), Learnable("b", "layer", 0.0)])

    assert (argument and ast.unparse(argument[1])) == expected
