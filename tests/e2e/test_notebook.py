"""The notebook of the documentation, cell by cell, as a program without a `__main__` guard.

No kernel is started: a script runs the cells in order in its main thread while an event loop runs,
as a kernel does. It shows as well that worker processes do not run a user's script again.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"
SMALL = """
kind = "activation"
tasks = ["digits"]
generations = 2
population = 8
offspring = 8
trainings = 4

[novelty]
text_model = "none"

[protocol]
rungs = [{ epochs = 1, seeds = 2, networks = 1 }, { epochs = 1, seeds = 3, networks = 1 }]
learning_rates = [0.01]
"""
"""In place of the preset `smoke`: the same with one network, one rate and no embeddings."""

PROGRAM = """
import asyncio, json, sys

async def run_cells(path):
    names = {"__name__": "__main__"}
    for cell in json.load(open(path))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]).replace('"smoke"', '"small.toml"'), names)
    return names

print("started")
names = asyncio.run(run_cells(sys.argv[1]))
assert names["campaign"].state == "finished"
assert len(names["frame"]) == len(names["campaign"].records)
assert names["result"].status == "EVALUATED"
"""


@pytest.mark.heavy(quick="test_the_cells_show_a_finished_campaign")
def test_the_notebook_runs_from_the_first_cell_to_the_last(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "small.toml").write_text(SMALL)

    done = subprocess.run(
        [sys.executable, "program.py", NOTEBOOK],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("started") == 1
    assert "finished 2" in done.stdout
    assert done.stdout.endswith("stopped: finished\n")
    assert done.stderr == ""  # no progress bar where there is no terminal


def test_the_cells_show_a_finished_campaign(small_campaign, tmp_path, monkeypatch, capsys):
    """In this process, and of a campaign that is finished already: nothing trains."""
    shutil.copytree(small_campaign, tmp_path / "runs" / "notebook")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "notebook"}
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        text = "".join(cell["source"]).replace('run("smoke", seed=4, name=', "open(")
        if cell["cell_type"] == "code" and "evo.evaluate" not in text:
            exec(text, names)

    assert len(names["frame"]) == len(names["campaign"].records) > 0
    assert capsys.readouterr().out.endswith("stopped: finished\n")


def test_the_notebook_is_kept_without_outputs():
    cells = json.loads(NOTEBOOK.read_text())["cells"]

    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
