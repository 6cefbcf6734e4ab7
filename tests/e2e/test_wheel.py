"""The wheel, installed outside the checkout, among a user's files that have evo's names.

`make versions` runs this on several versions of Python, with EVO_INSTALLED set to the folder of
programs of an environment into which the wheel was installed with all that it needs. Without it,
the wheel is laid out in an environment of its own that borrows the other packages from this one.
"""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from support.command import Finished

ROOT = Path(__file__).parents[2]
SETTINGS = """
kind = "activation"
tasks = ["breast-cancer"]
generations = 1
population = 4
offspring = 4
trainings = 2
workers = 1

[protocol]
rungs = [{ epochs = 1, seeds = 2, networks = 1 }]
learning_rates = [0.01]
"""
if "EVO_INSTALLED" not in os.environ:  # other tests load the default model in this environment
    SETTINGS += '[novelty]\ntext_model = "none"\n'
SCRIPT = """
import evo

if __name__ == "__main__":
    campaign = evo.run("tiny.toml", progress=False)
    print(len(campaign.front()) > 0)
"""
USERS_FILES = {
    "operators.py": "print('the operators of the user')\nown = 'own'\n",
    "archive.py": "print('the archive of the user')\nown = 'own'\n",
    "prompts/__init__.py": "print('the prompts of the user')\n",
    "prompts/mine.py": "own = 'own'\n",
    "tiny.toml": SETTINGS,
    "script.py": SCRIPT,
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `python` and `evo` of the environment with the wheel are."""
    if "EVO_INSTALLED" in os.environ:
        return Path(os.environ["EVO_INSTALLED"])
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    # A folder named in a .pth file is searched; the .pth files in it, as of this checkout, are not.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    python = folder / "venv" / "bin" / "python"
    command = python.with_name("evo")
    command.write_text(
        f"#!{python}\nfrom evo.cli import main\n\nif __name__ == '__main__':\n    main()\n"
    )
    command.chmod(0o755)
    return python.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of the user's."""
    for name, text in USERS_FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(project: Path, *command: str | Path, code: int = 0, **environment: str) -> Finished:
    """Run a command that must end with `code`."""
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return Finished(done.returncode, done.stdout, done.stderr)


def test_the_installed_command_says_its_version(programs: Path, project: Path) -> None:
    done = run(project, programs / "evo", "--version")

    assert done.out == f"evo {version('evo-search')}\n"


def test_nothing_comes_from_the_checkout_or_the_user(programs: Path, project: Path) -> None:
    files = run(
        project,
        programs / "python",
        "-c",
        "import evo, operators.base as b, archive.pareto as a, prompts.rendering as p\n"
        "print(*(module.__file__ for module in (evo, b, a, p)), sep='\\n')",
    ).out.splitlines()

    assert len(files) == 4
    assert {Path(file).parents[1].name for file in files} == {"site-packages"}
    assert len({Path(file).parents[1] for file in files}) == 1


@pytest.mark.heavy(quick="test_nothing_comes_from_the_checkout_or_the_user")
def test_a_script_and_commands_among_the_users_files_run_a_campaign_and_none_of_them(
    programs: Path, project: Path
) -> None:
    script = run(project, programs / "python", "script.py", PYTHONPATH=str(project))
    command = run(project, programs / "evo", "status", "tiny-001", "--json")
    module = run(project, programs / "python", "-m", "evo.cli", "check", "tiny-001")

    assert script.out == "True\n"
    assert json.loads(command.out)["state"] == "finished"
    assert json.loads(command.out)["evaluated"] > 0
    assert "of the user" not in command.out + module.out + script.err


@pytest.mark.parametrize(
    "statements", ["import evo\nfrom prompts.mine import own", "import prompts\nimport evo"]
)
def test_the_users_module_of_that_name_is_an_error_that_names_both(
    programs: Path, project: Path, statements: str
) -> None:
    done = run(project, programs / "python", "-c", statements, code=1)

    message = done.err.splitlines()[-1]
    assert message.startswith("ImportError: ")
    assert f"yours, {project / 'prompts' / '__init__.py'}." in message
    assert f"{Path('site-packages', 'prompts', '__init__.py')}, and yours" in message
