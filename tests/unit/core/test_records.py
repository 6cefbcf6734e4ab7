from evo.core.records import BASELINE_OPERATOR, Candidate, Record
from evo.core.source import normalise

PLAIN = "import torch\n\ndef activation(x):\n    return torch.tanh(x)\n"
DRESSED = '''"""A module."""
import torch

def activation(x):  # squashes
    """Hyperbolic tangent."""
    return torch.tanh( x )
'''


def test_comments_docstrings_and_layout_do_not_change_the_id() -> None:
    one = Candidate.of("activation", PLAIN, operator="a")
    two = Candidate.of("activation", DRESSED, operator="b")

    assert one.id == two.id
    assert len(one.id) == 16


def test_another_kind_or_constant_changes_the_id() -> None:
    base = Candidate.of("activation", PLAIN, operator="a").id

    assert Candidate.of("preprocessor", PLAIN, operator="a").id != base
    assert Candidate.of("activation", PLAIN.replace("(x)\n", "(2 * x)\n"), operator="a").id != base


def test_source_that_does_not_parse_still_has_an_id() -> None:
    broken = "def activation(x:\n    return x"

    assert normalise(broken) == broken
    assert Candidate.of("activation", broken, operator="a").id


def test_a_function_of_a_docstring_alone_stays_valid_source() -> None:
    assert normalise('def f(x):\n    """Nothing."""\n') == "def f(x):\n    pass"


def test_baselines_are_told_by_their_operator() -> None:
    known = Candidate.of("activation", PLAIN, operator=BASELINE_OPERATOR)

    assert Record(known, 0).is_baseline
    assert not Record(Candidate.of("activation", PLAIN, operator="mutate-tree"), 0).is_baseline
