import ast
from typing import Any

import pytest

from evo.core.syntax.scopes import ModuleNames, rename

KEEPS_ITS_MEANING = {
    "a nested function has a parameter of the name": (
        "def helper(x):\n    return 2 * x\n"
        "def entry(x):\n"
        "    def inner(helper):\n        return helper + 1\n"
        "    return helper(x) + inner(x)\n"
    ),
    "a default is looked up outside": (
        "helper = 4\ndef entry(x, helper=helper):\n    return x * helper\n"
    ),
    "a local hides the name": (
        "helper = 4\n"
        "def other(x):\n    helper = 2 * x\n    return helper\n"
        "def entry(x):\n    return other(x) + helper\n"
    ),
    "a lambda hides the name": (
        "helper = 4\ndef entry(x):\n    return (lambda helper: helper + 1)(x) * helper\n"
    ),
    "a comprehension goes over the name": (
        "helper = [1, 2]\ndef entry(x):\n    return sum([helper * x for helper in helper])\n"
    ),
    "an import binds the name": (
        "from math import floor as helper\ndef entry(x):\n    return helper(x + 0.5)\n"
    ),
}


def entry(source: str) -> Any:
    space: dict[str, Any] = {}
    exec(source, space)
    return space["entry"]


@pytest.mark.parametrize("case", KEEPS_ITS_MEANING)
def test_a_renamed_module_computes_the_same(case: str) -> None:
    source = KEEPS_ITS_MEANING[case]
    tree = ast.parse(source)

    rename(tree, {"helper": "renamed"})

    assert entry(ast.unparse(tree))(3) == entry(source)(3)
    assert "helper" not in ModuleNames.of(tree).all
    assert "renamed" in ModuleNames.of(tree).bound


def test_renaming_a_functions_variables_leaves_its_name_and_its_defaults() -> None:
    source = "scale = 2\ndef entry(t, by=scale):\n    scale = t * by\n    return scale + t\n"
    tree = ast.parse(source)

    rename(tree.body[1], {"t": "x", "scale": "scaled", "entry": "other"})

    text = ast.unparse(tree)
    assert "def entry(x, by=scale):" in text
    assert "scaled = x * by" in text
    assert entry(text)(3) == entry(source)(3)


def test_names_of_a_module_leave_out_the_locals_of_its_functions() -> None:
    names = ModuleNames.of(
        ast.parse(
            "import os.path\nfrom math import pi as half\nlimit = 1\n"
            "def entry(x):\n    y = abs(x)\n    return y + limit\n"
        )
    )

    assert names.packages == {"os"}
    assert names.imports == {"half": "math.pi"}
    assert names.made == {"limit", "entry"}
    assert names.used == {"abs", "limit"}
