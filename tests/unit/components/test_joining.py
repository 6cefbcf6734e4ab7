import math

import pytest

from evo.components.joining import component_in, joined
from evo.types import normalise

FIRST = """
'''What the file is about.'''
import math
from torch import tanh as bend

SCALE = 2.0

def helper(x):
    return SCALE * x

def first(x, factor=3.0):
    return factor * helper(x)
"""
SECOND = """
import math

SCALE = 5.0

def helper(w, SCALE=SCALE):
    return SCALE + w

def first_of_all(w):
    helper_is_local = w
    return helper(helper_is_local, SCALE=7.0)

def second(w):
    return helper(w) + first_of_all(w) + math.pi
"""


def functions(source: str) -> dict:
    """What a source defines; those here are our own."""
    space: dict = {}
    exec(source, space)
    return space


def test_components_that_use_the_same_names_compute_in_one_source_what_they_compute_alone() -> None:
    whole = joined([FIRST, SECOND], ["first", "second"])

    found = functions(whole)
    assert found["first"](1.5) == functions(FIRST)["first"](1.5) == 9.0
    assert found["second"](1.0) == functions(SECOND)["second"](1.0)
    assert found["second"](1.0) == pytest.approx(6.0 + 8.0 + math.pi)
    assert whole.count("import math") == 1


def test_an_entry_function_keeps_its_name_where_another_component_has_a_helper_called_so() -> None:
    helping = "def second(x):\n    return 2 * x\n\ndef first(x):\n    return second(x)\n"

    found = functions(joined([helping, "def second(w):\n    return w - 1\n"], ["first", "second"]))

    assert found["first"](3) == 6
    assert found["second"](3) == 2


def test_an_import_under_a_name_that_means_another_thing_is_kept_apart() -> None:
    one = "from math import floor as cut\n\ndef first(x):\n    return cut(x)\n"
    two = "from math import ceil as cut\n\ndef second(w):\n    return cut(w)\n"

    found = functions(joined([one, two], ["first", "second"]))

    assert (found["first"](1.5), found["second"](1.5)) == (1, 2)


def test_a_component_comes_out_with_what_it_needs_and_nothing_else() -> None:
    whole = joined([FIRST, SECOND], ["first", "second"])

    first = component_in(whole, "first")

    assert functions(first)["first"](1.5) == 9.0
    assert "second" not in first
    assert "bend" not in first
    again = joined([first, component_in(whole, "second")], ["first", "second"])
    assert normalise(component_in(again, "first")) == normalise(first)
    assert functions(again)["second"](1.0) == functions(SECOND)["second"](1.0)


@pytest.mark.parametrize("source", ["def first(x:\n", "", "third = 3\n", "\0"])
def test_what_has_no_such_component_stays_as_it_is(source: str) -> None:
    assert component_in(source, "first") == source


def test_joining_again_changes_nothing() -> None:
    whole = joined([FIRST, SECOND], ["first", "second"])
    parts = [component_in(whole, name) for name in ("first", "second")]

    assert joined(parts, ["first", "second"]) == joined(
        [component_in(joined(parts, ["first", "second"]), n) for n in ("first", "second")],
        ["first", "second"],
    )


def test_what_does_not_parse_is_not_joined() -> None:
    with pytest.raises(SyntaxError):
        joined([FIRST, "def second(w:\n"], ["first", "second"])
