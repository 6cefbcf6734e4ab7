"""The wheel, installed outside the checkout, among a user's files that have evo's names.

`make versions` runs this on several versions of Python, with EVO_INSTALLED set to the folder of
programs of an environment into which the wheel was installed with all that it needs. Without it,
the wheel is laid out in an environment of its own that borrows the other packages from this one.
"""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

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
USERS_FILES = {
    "operators.py": "print('the operators of the user')\nportfolio = 'own'\n",
    "archive.py": "print('the archive of the user')\nhistory = 'own'\n",
    "prompts/__init__.py": "print('the prompts of the user')\n",
    "prompts/mine.py": "text = 'own'\n",
    "tiny.toml": SETTINGS,
}
SCRIPT = """
import operators

import evo

from archive import history
from prompts.mine import text

if __name__ == "__main__":
    campaign = evo.run("tiny.toml", progress=False)
    print(len(campaign.front()), "on the front")
assert (operators.portfolio, history, text) == ("own", "own", "own")
"""


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
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def run(project: Path, *command: str | Path, **environment: str) -> str:
    """What a command prints that must succeed."""
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_installed_command_says_its_version(programs: Path, project: Path) -> None:
    assert run(project, programs / "evo", "--version") == f"evo {version('evo-search')}\n"


def test_nothing_comes_from_the_checkout(programs: Path, project: Path) -> None:
    files = run(
        project,
        programs / "python",
        "-c",
        "import evo, operators.base as b, archive.pareto as a, prompts.rendering as p\n"
        "print(*(module.__file__ for module in (evo, b, a, p)), sep='\\n')",
        PYTHONSAFEPATH="1",
    ).splitlines()

    assert len(files) == 4
    assert not [file for file in files if Path(file).is_relative_to(ROOT / "evo")]
    assert len({Path(file).parents[1] for file in files}) == 1


def test_a_command_among_the_users_files_runs_a_campaign_and_none_of_them(
    programs: Path, project: Path
) -> None:
    out = run(project, programs / "evo", "run", "tiny.toml", "--json", PYTHONPATH=str(project))
    again = run(project, programs / "python", "-m", "evo.cli", "status", "tiny-001", "--json")

    assert "of the user" not in out + again
    assert '"finished"' in again


def test_a_script_that_uses_files_of_these_names_runs_a_campaign_and_its_workers(
    programs: Path, project: Path
) -> None:
    out = run(project, programs / "python", "script.py")

    assert "on the front" in out
    assert "the operators of the user" in out
