"""A user's modules that have the names of evo's packages: evo works, or one error names both."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EVOS_NAMES = """
from prompts.quoting import quoted
from operators.base import operators as registry
from archive.store.append_log import FRAME
"""


def assert_names_both(message: str, users: Path) -> None:
    name = users.parent.name if users.stem == "__init__" else users.stem
    assert f"evo's, {ROOT / name / '__init__.py'}, and yours, {users}. Rename yours" in message


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's folder with all three names."""
    (tmp_path / "prompts").mkdir()
    for name, text in {
        "operators.py": "own = 'own'\n",
        "archive.py": "print('archive of the user')\nhistory = ['own']\n",
        "prompts/__init__.py": "print('prompts of the user')\n",
        "prompts/mine.py": "text = 'own'\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in the folder."""
    (folder / "script.py").write_text(script)
    return subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, check=False
    )


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


def test_evo_has_its_own_packages_and_nothing_of_the_users_runs(project: Path) -> None:
    done = run(project, f"import evo\n{EVOS_NAMES}\nprint(FRAME.size, registry.what)")

    assert done.stdout == "12 operator\n", done.stderr


def test_a_package_of_evo_that_is_imported_before_evo_loads_the_others(project: Path) -> None:
    (project / "operators.py").unlink()

    done = run(project, f"import operators\n{EVOS_NAMES}\nprint(FRAME.size, registry.what)")

    assert done.stdout == "12 operator\n", done.stderr


def test_a_spawned_process_that_repairs_a_history_runs_nothing_of_the_users(project: Path) -> None:
    done = run(
        project,
        "if __name__ == '__main__':\n"
        "    import evo, pathlib\n"
        "    from archive.repair import recover\n"
        "    print(recover.generations(pathlib.Path('absent.h5'), campaign='none'))\n",
    )

    assert done.stdout == "{}\n", done.stderr


@pytest.mark.parametrize(
    ("statement", "error", "file"),
    [
        ("import operators; operators.own", "AttributeError: module", "operators.py"),
        ("from operators import own", "ImportError: No module", "operators.py"),
        ("import prompts.mine", "ImportError: No module", "prompts/__init__.py"),
        ("from prompts import mine", "ImportError: No module", "prompts/__init__.py"),
        ("from prompts.mine import text", "ImportError: No module", "prompts/__init__.py"),
    ],
)
def test_what_only_the_users_module_has_is_an_error_that_names_both_files(
    project: Path, statement: str, error: str, file: str
) -> None:
    message = last_line(run(project, f"import evo\n{statement}\n"))

    assert message.startswith(error)
    assert_names_both(message, project / file)


def test_a_module_that_the_user_loaded_before_evo_is_an_error_that_names_both_files(
    project: Path,
) -> None:
    message = last_line(run(project, "import operators\nimport evo\n"))

    assert message.startswith("ImportError: Two modules are called 'operators'")
    assert_names_both(message, project / "operators.py")


def test_evo_can_be_imported_once_the_users_module_is_out_of_the_way(project: Path) -> None:
    done = run(
        project,
        "import operators, sys\n"
        "try: import evo\n"
        "except ImportError: del sys.modules['operators']\n"
        f"import evo\n{EVOS_NAMES}\nprint(registry.what)",
    )

    assert done.stdout == "operator\n", done.stderr


def test_a_folder_of_texts_called_prompts_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "mine.txt").write_text("own")

    done = run(tmp_path, f"import prompts, evo\n{EVOS_NAMES}\nprint(quoted('own'))")

    assert "own" in done.stdout, done.stderr


def test_a_module_in_a_folder_that_comes_onto_the_path_after_evo_is_named_too(
    project: Path,
) -> None:
    (project / "later").mkdir()
    (project / "operators.py").rename(project / "later" / "operators.py")

    done = run(
        project,
        "import evo, sys\nsys.path.insert(0, 'later')\nfrom operators import own\n",
    )

    assert_names_both(last_line(done), project / "later" / "operators.py")


def test_libraries_may_ask_evos_packages_for_any_attribute(project: Path) -> None:
    done = run(project, "import evo, operators\nprint(hasattr(operators, 'own'))")

    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "import operators; operators.own",
            "AttributeError: module 'operators' has no attribute 'own'",
        ),
        ("import operators.own", "ModuleNotFoundError: No module named 'operators.own'"),
    ],
)
def test_without_a_module_of_the_user_the_errors_are_pythons(
    tmp_path: Path, statement: str, error: str
) -> None:
    assert last_line(run(tmp_path, f"import evo\n{statement}\n")) == error
