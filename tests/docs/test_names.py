"""One word, one thing: a public name is defined once in the whole tree, constants included."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = {path.stem for path in (ROOT / "evo" / "commands").glob("*.py")} | {"search"}
"""A command of the command line has the name of the function that does the same."""
PROGRAMS = "main"
"""Programs begin with it."""


def public_names(path: Path) -> Iterator[str]:
    """Names of a module's classes, functions, types and constants."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (name for target in targets for name in capitalised(target))
            case ast.AnnAssign(target=target):
                yield from capitalised(target)
            case _:
                pass


def capitalised(target: ast.expr) -> Iterator[str]:
    """Names of types and constants that an assignment binds, a tuple's too."""
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and node.id[0].isupper() and isinstance(node.ctx, ast.Store):
            yield node.id


def test_a_public_name_is_defined_once() -> None:
    files: defaultdict[str, list[str]] = defaultdict(list)
    for room in ("evo", "archive", "operators", "prompts"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT)
            if "baselines" in place.parts or "data" in place.parts:
                continue  # written as candidates are, and examples
            for name in public_names(path):
                if not name.startswith("_") and name not in {*COMMANDS, PROGRAMS}:
                    files[name].append(str(place))

    assert len(files) > 2200
    assert {name: places for name, places in files.items() if len(places) > 1} == {}
