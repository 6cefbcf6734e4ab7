import math

import pytest

from evo.components.joining import component_in, join_sources
from evo.core.source import normalise

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
    """The namespace of a source; those here are our own."""
    space: dict = {}
    exec(source, space)
    return space


def test_components_that_use_the_same_names_compute_in_one_source_what_they_compute_alone() -> None:
    whole = join_sources([FIRST, SECOND], ["first", "second"])

    found = functions(whole)
    assert found["first"](1.5) == functions(FIRST)["first"](1.5) == 9.0
    assert found["second"](1.0) == functions(SECOND)["second"](1.0)
    assert found["second"](1.0) == pytest.approx(6.0 + 8.0 + math.pi)
    assert whole.count("import math") == 1


def test_an_entry_function_keeps_its_name_where_another_component_has_a_helper_called_so() -> None:
    helping = "def second(x):\n    return 2 * x\n\ndef first(x):\n    return second(x)\n"

    found = functions(
        join_sources([helping, "def second(w):\n    return w - 1\n"], ["first", "second"])
    )

    assert found["first"](3) == 6
    assert found["second"](3) == 2


def test_an_import_under_a_name_that_means_another_thing_is_kept_apart() -> None:
    one = "from math import floor as cut\n\ndef first(x):\n    return cut(x)\n"
    two = "from math import ceil as cut\n\ndef second(w):\n    return cut(w)\n"

    found = functions(join_sources([one, two], ["first", "second"]))

    assert (found["first"](1.5), found["second"](1.5)) == (1, 2)


def test_a_component_comes_out_with_what_it_needs_and_nothing_else() -> None:
    whole = join_sources([FIRST, SECOND], ["first", "second"])

    first = component_in(whole, "first")

    assert functions(first)["first"](1.5) == 9.0
    assert "second" not in first
    assert "bend" not in first
    again = join_sources([first, component_in(whole, "second")], ["first", "second"])
    assert normalise(component_in(again, "first")) == normalise(first)
    assert functions(again)["second"](1.0) == functions(SECOND)["second"](1.0)


DEEP = f"def first(x):\n    return {' + '.join(['x'] * 4000)}\n\ndef second(w):\n    return w\n"
OTHER = "def first(x):\n    return x + sum([1, 2])\n"
AWKWARD = {
    "a list that is added to": "C = []\nC.append(4.0)\n\ndef second(w):\n    return w * C[0]\n",
    "an element that is set": "C = [1.0, 2.0]\nC[0] = 4.0\n\ndef second(w):\n    return w * C[0]\n",
    "a function in a branch": (
        "if True:\n    def quadruple(w):\n        return 4.0 * w\n\n"
        "def second(w):\n    return quadruple(w)\n"
    ),
    "a dotted import": (
        "import os.path\nimport math\n\ndef second(w):\n"
        "    return w * 4.0 * math.cos(0.0) * len(os.path.basename('/a'))\n"
    ),
    "annotations from the future": (
        "from __future__ import annotations\nfrom typing import Sequence\n\n"
        "def second(w: Sequence[float]) -> float:\n    return 4.0 * w\n"
    ),
    "an annotation that is looked up": (
        "from typing import Any\n\ndef second(w: Any):\n    return 4.0 * w\n"
    ),
    "a comprehension over the argument's name": (
        "C = [w * 2.0 for w in range(3)]\n\ndef second(w):\n    return w * C[2]\n"
    ),
    "a helper called as a builtin": (
        "def sum(t):\n    return 4.0 * t\n\ndef second(w):\n    return sum(w)\n"
    ),
    "a local variable called as a helper of the other": (
        "def second(w):\n    first = 4.0 * w\n    return first\n"
    ),
    "a lambda called by keyword": (
        "scale = lambda t, by: t * by\n\ndef second(w):\n    return scale(w, by=4.0)\n"
    ),
    "an import that is redefined": (
        "from math import pi\npi = pi / pi * 4.0\n\ndef second(w):\n    return w * pi\n"
    ),
    "a default of the same name": "C = 4.0\n\ndef second(w, C=C):\n    return w * C\n",
    "two statements in a line": "C = 2.0; D = C * 2.0\n\ndef second(w):\n    return w * D\n",
}


@pytest.mark.parametrize("name", AWKWARD)
def test_whatever_a_component_is_made_of_it_computes_the_same_beside_another(name: str) -> None:
    awkward = AWKWARD[name]
    assert functions(awkward)["second"](3.0) == 12.0

    for other in (OTHER, OTHER + "\nC = 9.0\nby = pi = scale = quadruple = 7.0\n"):
        for sources, names in (
            ([other, awkward], ["first", "second"]),
            ([awkward, other], ["second", "first"]),
        ):
            whole = join_sources(sources, names)
            assert functions(whole)["second"](3.0) == 12.0
            assert functions(whole)["first"](1.0) == 4.0
            for function, given, expected in (("second", 3.0, 12.0), ("first", 1.0, 4.0)):
                alone = component_in(whole, function)
                assert functions(alone)[function](given) == expected
                assert functions(join_sources([alone], [function]))[function](given) == expected
            parts = [join_sources([component_in(whole, each)], [each]) for each in names]
            assert join_sources(parts, names) == join_sources(
                [
                    join_sources([component_in(join_sources(parts, names), each)], [each])
                    for each in names
                ],
                names,
            )


def test_a_component_comes_out_in_the_lines_where_it_stands() -> None:
    source = "import math\n\n\ndef first(x):\n    return x\n\n\ndef second(w):\n    return w\n"

    alone = component_in(source, "second")

    assert alone.split("\n").index("def second(w):") == source.split("\n").index("def second(w):")
    assert "first" not in alone
    assert "math" not in alone


def test_a_local_variable_does_not_bring_another_component_along() -> None:
    source = "def first(x):\n    return x\n\ndef second(w):\n    first = w * w\n    return first\n"

    assert "def first" not in component_in(source, "second")


@pytest.mark.parametrize("source", ["def first(x:\n", "", "third = 3\n", "\0", DEEP])
def test_what_has_no_such_component_stays_as_it_is(source: str) -> None:
    assert component_in(source, "first") == source


def test_joining_again_changes_nothing() -> None:
    whole = join_sources([FIRST, SECOND], ["first", "second"])
    parts = [component_in(whole, name) for name in ("first", "second")]

    assert join_sources(parts, ["first", "second"]) == join_sources(
        [component_in(join_sources(parts, ["first", "second"]), n) for n in ("first", "second")],
        ["first", "second"],
    )


def test_what_does_not_parse_is_not_joined() -> None:
    with pytest.raises(SyntaxError):
        join_sources([FIRST, "def second(w:\n"], ["first", "second"])
