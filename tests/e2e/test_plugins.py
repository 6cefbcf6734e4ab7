"""Packages of other people: built, installed beside evo, found by it and by its workers."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from support.command import Evo, Finished, run_evo

from archive.history.reader import Reader

PACKAGE = Path(__file__).parents[1] / "plugin"
CAMPAIGN = """
kind = "gate"
tasks = ["wine"]
generations = 2
population = 4
offspring = 6
trainings = 3
workers = 2

[novelty]
text_model = "none"

[protocol]
rungs = [{ epochs = 1, seeds = 2, networks = 1 }]
learning_rates = [0.01]
"""
BROKEN = '[project]\nname = "evo-broken"\nversion = "2.1"\n\n[project.entry-points."evo.plugins"]\n'
With = Callable[..., Finished]


def install(source: Path, at: Path, built: Path) -> None:
    """A wheel built by the package's own backend, and laid out as an installer does."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(at)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where evo-gates is installed."""
    folder = tmp_path_factory.mktemp("plugin")
    copytree(PACKAGE, folder / "source")
    install(folder / "source", folder / "site", folder / "wheels")
    return folder / "site"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a package is installed that cannot be imported."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "source" / "evo_broken").mkdir(parents=True)
    (folder / "source" / "evo_broken" / "__init__.py").write_text("import no_such_module\n")
    (folder / "source" / "pyproject.toml").write_text(f'{BROKEN}broken = "evo_broken"\n')
    install(folder / "source", folder / "site", folder / "wheels")
    return folder / "site"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place of work with the configuration of a campaign."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "gates.toml").write_text(CAMPAIGN)
    return folder


@pytest.fixture(scope="module")
def evo_with(here: Path) -> With:
    """The command with packages from some folders, always in the same place of work."""

    def call(*words: str, sites: tuple[Path, ...]) -> Finished:
        path = os.pathsep.join([*map(str, sites), os.environ.get("PYTHONPATH", "")])
        return run_evo(*words, cwd=here, environment={**os.environ, "PYTHONPATH": path})

    return call


def test_what_an_installed_package_adds_is_listed(evo_with: With, site: Path) -> None:
    facts = evo_with("list", "--json", sites=(site,)).json

    assert facts["kinds"]["gate"] == "Decides how much of each hidden signal passes."
    assert "wine" in facts["tasks"]
    assert facts["plug-ins"]["gates"] == "evo_gates.gate of evo-gates 0.1"


@pytest.mark.heavy(quick="test_what_an_installed_package_adds_is_listed")
def test_a_campaign_on_a_kind_and_a_task_of_other_people_runs_and_goes_on(
    evo_with: With, site: Path, here: Path
) -> None:
    done = evo_with("run", "gates.toml", "--name", "gates", "--json", sites=(site,))
    again = evo_with("resume", "gates", "--json", sites=(site,))

    assert done.code == 0, done.err
    assert done.json["kind"] == "gate"
    assert done.json["evaluated"] > 0
    records = Reader.read(here / "runs" / "gates").records
    assert all("def gate(x):" in record.candidate.source for record in records)
    assert again.json == done.json


def test_without_its_package_a_campaign_is_refused_before_anything_is_spent(
    evo: Evo, tmp_path: Path
) -> None:
    (tmp_path / "gates.toml").write_text(CAMPAIGN)

    done = evo("run", "gates.toml", cwd=tmp_path)

    assert done.code == 2
    assert "Unknown kind 'gate'" in done.err


def test_a_package_that_cannot_be_imported_is_named_and_takes_nothing_else_down(
    evo_with: With, site: Path, broken: Path
) -> None:
    told = "evo_broken of evo-broken 2.1 cannot be imported: ModuleNotFoundError: No module named"
    listed = evo_with("list", "--json", sites=(broken, site))
    missing = evo_with("run", "demo", "--set", "kind=lost", sites=(broken, site))

    assert listed.code == 0
    assert "gate" in listed.json["kinds"]
    assert listed.json["plug-ins"]["broken"].startswith(told)
    assert missing.code == 2
    assert f"Plug-in {told}" in missing.err
