"""A user's modules that have the names of evo's packages: both work, or one error names both."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("archive", "operators", "prompts")
USERS_NAMES = """
import operators
from archive import history
from prompts.mine import text

assert operators.own() == "own", operators
assert history == ["own"]
assert text == "own"
"""
EVOS_NAMES = """
from archive.pareto import front
from operators.base import operators as registry
from prompts.quoting import quoted
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's folder with all three names, one of them with attributes named as evo's modules."""
    (tmp_path / "prompts").mkdir()
    for name, text in {
        "operators.py": "portfolio = 'own'\ndef own(): return portfolio\n",
        "archive.py": "print('archive of the user')\nhistory = ['own']\n",
        "prompts/__init__.py": "",
        "prompts/mine.py": "text = 'own'\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """What a script in the folder does."""
    (folder / "script.py").write_text(script)
    return subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "parts",
    [
        ("import evo", EVOS_NAMES, USERS_NAMES),
        ("import evo", USERS_NAMES, EVOS_NAMES),
        (USERS_NAMES, "import evo", EVOS_NAMES),
    ],
    ids=["evo first", "users after evo", "users before evo"],
)
def test_a_script_gets_its_own_modules_and_evo_gets_evos(
    project: Path, parts: tuple[str, ...]
) -> None:
    done = run(project, "\n".join(parts))

    assert done.returncode == 0, done.stderr


def test_nothing_of_the_users_runs_that_the_user_does_not_import(project: Path) -> None:
    done = run(project, f"import evo\n{EVOS_NAMES}\nprint(front.__module__)")

    assert done.stdout == "archive.pareto\n", done.stderr


def test_evos_modules_overwrite_no_attribute_of_the_users(project: Path) -> None:
    done = run(
        project,
        "import operators, evo\n"
        "from operators.portfolio import Portfolio\n"
        "assert operators.own() == 'own'\n"
        "import operators.base\n"
        "print(operators.portfolio, operators.base.operators.what)\n",
    )

    assert done.stdout == "own operator\n", done.stderr


def test_evos_operators_are_found_without_the_users_modules_of_that_package(tmp_path: Path) -> None:
    (tmp_path / "operators").mkdir()
    (tmp_path / "operators" / "__init__.py").write_text("")
    (tmp_path / "operators" / "mine.py").write_text("print('mine')\n")

    done = run(
        tmp_path,
        "import operators, evo\nfrom operators.base import operators\nprint(operators.names())\n",
    )

    assert "mutate-tree" in done.stdout, done.stderr
    assert "mine" not in done.stdout


@pytest.mark.parametrize("first", ["import evo", "import prompts.mine"])
def test_a_folder_without_init_is_found_too(project: Path, first: str) -> None:
    (project / "prompts" / "__init__.py").unlink()

    done = run(
        project, f"{first}\nimport evo\nfrom prompts.mine import text\n{EVOS_NAMES}\nprint(text)"
    )

    assert done.stdout == "own\n", done.stderr


@pytest.mark.parametrize("first", ["import evo", "import operators", "from operators import base"])
def test_packages_that_share_a_module_end_in_one_error_that_names_both(
    tmp_path: Path, first: str
) -> None:
    (tmp_path / "operators").mkdir()
    (tmp_path / "operators" / "__init__.py").write_text("")
    (tmp_path / "operators" / "base.py").write_text("operators = 'own'\n")

    done = run(tmp_path, f"{first}\nimport evo\nfrom operators.base import operators\n")

    message = done.stderr.splitlines()[-1]
    assert message.startswith("ImportError: Two packages are called 'operators'")
    assert f"{tmp_path / 'operators'}," in message
    assert f"{ROOT / 'operators'}." in message


def test_a_folder_that_comes_onto_the_path_after_evo_is_found(project: Path) -> None:
    (project / "operators.py").rename(project / "prompts" / "operators.py")

    done = run(
        project,
        "import evo, sys\nfrom operators.base import operators as registry\n"
        "sys.path.insert(0, 'prompts')\n"
        "import operators\nprint(operators.own(), registry.what)\n",
    )

    assert done.stdout == "own operator\n", done.stderr


def test_a_forked_worker_takes_the_users_modules_from_its_new_path(project: Path) -> None:
    done = run(
        project,
        f"import os, sys\nfolder = sys.path.pop(0)\nimport evo\n{EVOS_NAMES}\n"
        "if os.fork() == 0:\n"
        "    sys.path.insert(0, folder)\n"
        "    import operators\n"
        "    from archive import history\n"
        "    print(operators.own(), history)\n"
        "else:\n"
        "    os.wait()\n",
    )

    assert done.stdout == "archive of the user\nown ['own']\n", done.stderr


def test_our_code_takes_nothing_from_the_three_packages_but_their_modules() -> None:
    taken = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for package in ("evo", *PACKAGES)
        for file in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.level == 0 and node.module in PACKAGES)
        or (
            isinstance(node, ast.Import)
            and any(name.name.partition(".")[0] in PACKAGES for name in node.names)
        )
    ]

    assert taken == []
