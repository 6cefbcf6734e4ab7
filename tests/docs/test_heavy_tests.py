"""What `make test` leaves to CI a quicker test shows, or the marker says why none can."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
FILES = {path.name: path for path in TESTS.rglob("test_*.py")}
MARK = "pytest.mark.heavy"


def marks(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each marked test of a file, or "" for a case of one, with what its marker says."""
    text = path.read_text()
    if MARK not in text:
        return
    tree = ast.parse(text)
    names = {
        id(mark): node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == MARK:
            told = {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
            yield names.get(id(node), ""), told


def test_every_heavy_test_names_a_quick_one_or_says_why_there_is_none() -> None:
    heavy = {path.name: list(marks(path)) for path in FILES.values()}
    whole = {f"{file}::{name}" for file, marked in heavy.items() for name, _ in marked if name}
    wrong: list[tuple[str, str, dict[str, str]]] = []
    for file, marked in heavy.items():
        for name, told in marked:
            quick = told.get("quick", "")
            there = quick if "::" in quick else f"{file}::{quick}"
            named, _, test = there.partition("::")
            is_there = named in FILES and f"def {test}(" in FILES[named].read_text()
            if set(told) == {"alone"} and told["alone"]:
                continue
            if set(told) != {"quick"} or not is_there or there in whole:
                wrong.append((file, name, told))

    assert len(whole) > 20
    assert wrong == []
