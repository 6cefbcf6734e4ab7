"""A study as a data set: read without evo, checked by its checksums, with benchmarks of its own."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from grid_studies import STUDY, Engine, run

from archive.history.reader import Reader
from evo.campaign.config import read_settings
from evo.core.errors import UsageError
from evo.screening.pool import pool_grounds, read_pool
from evo.studies.grid.dataset import export_study
from evo.studies.tabular.benchmark import BenchmarkPlan, Table, measure
from evo.studies.tabular.strategies.chance import Chance
from evo.studies.tabular.surrogate.benchmark import SearchPlan, compare_strategies
from evo.studies.tabular.surrogate.examples import Examples, grounds_of

LARGE = STUDY.replace("hypotheses = 24", "hypotheses = 96").replace(
    "trainings = 4", "trainings = 16\noffspring = 24\nprotocol.keep = 1.0\nprotocol.racing = false"
)
CELLS = ("random-0", "climb-0")


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> tuple[Path, Path]:
    """The folder of a study and that of its data set."""
    folder = tmp_path_factory.mktemp("studies") / "large"
    assert run(folder, LARGE, Engine()) == []
    export_study(folder, folder.parent / "data", licence="CC-BY-4.0")
    return folder, folder.parent / "data"


def test_the_tables_have_every_record_and_trial(exported) -> None:
    folder, data = exported
    candidates, trials, cells = (
        pd.read_parquet(data / f"{name}.parquet") for name in ("candidates", "trials", "cells")
    )

    for name in CELLS:
        records = list(Reader.read(folder / name).records)
        rows = candidates[candidates.cell == name]
        assert list(rows.id) == [record.id for record in records]
        assert set(rows.axis_search) == {name.removesuffix("-0")}
        scored = [record for record in records if record.score is not None]
        assert rows.margin.dropna().tolist() == [r.scored.margin.value for r in scored]
        assert [list(graphs) for graphs in rows.graphs] == [list(r.graphs) for r in records]
        assert (trials.cell == name).sum() == sum(len(r.scored.trials) for r in scored)
        settings = json.loads(cells.set_index("cell").settings[name])
        assert settings["protocol"]["keep"] == 1.0
        assert not {"llm", "notify", "tracking"} & settings.keys()
    best = trials[trials.id == scored[-1].id]
    assert best.loss.tolist() == [trial.loss for trial in scored[-1].scored.trials]


def test_the_card_reads_it_without_evo_and_the_checksums_hold(exported) -> None:
    _, data = exported
    card = (data / "README.md").read_text()
    assert card.startswith("---\nlicense: CC-BY-4.0\n")
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    alone = code + "import sys\nassert 'evo' not in sys.modules and len(candidates) > 192\n"

    ran = subprocess.run(
        [sys.executable, "-I", "-c", alone], cwd=data, capture_output=True, text=True, check=True
    )

    assert all(name in ran.stdout for name in CELLS)
    lines = [line.split("  ") for line in (data / "SHA256SUMS").read_text().splitlines()]
    assert {name for _, name in lines} == {
        str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()
    } - {"SHA256SUMS"}
    for digest, name in lines:
        assert hashlib.sha256((data / name).read_bytes()).hexdigest() == digest
    for name in ("candidates", "trials", "cells"):
        table = card.partition(f"## {name}.parquet")[2].partition("\n## ")[0]
        columns = list(pd.read_parquet(data / f"{name}.parquet"))
        described = re.findall(r"^\| (\w+) \| [\w<>: ]+ \| \S", table, re.MULTILINE)
        assert described[1:] == columns


def test_strategies_are_compared_on_its_pool(exported) -> None:
    folder, data = exported
    path = data / "tabular" / "activation.parquet"
    records = read_pool(path)
    plan = BenchmarkPlan(budget=20, batch=10, seeds=2, reach=0.5)

    (result,) = measure(Table.of(records, task=pool_grounds(path)[1]), {"random": Chance}, plan)

    trained = {
        record.id: record
        for name in CELLS
        for record in Reader.read(folder / name).records
        if record.is_proposal and record.novelty is not None and record.scored.rung == 1
    }
    assert {record.id for record in records} == trained.keys()
    assert len(records) >= 50
    one = records[0]
    assert one.scored.b_wr.value == pytest.approx(trained[one.id].scored.b_wr.value)
    assert result.best.shape == (2, 20)


@pytest.mark.heavy(quick="test_strategies_are_compared_on_its_pool")
def test_searches_run_on_its_surrogate(exported) -> None:
    _, data = exported
    place = data / "surrogate"
    examples, grounds = Examples.load(place), grounds_of(place)
    changes = {**grounds.settings, **read_settings(["offspring=8", "trainings=6", "population=4"])}

    (result,) = compare_strategies(
        {"random": {"selection.parents": "uniform"}},
        SearchPlan(evaluations=12, seeds=2, data=place),
        changes=changes,
    )

    assert grounds.epochs == 2
    assert examples.networks.mean(axis=1) == pytest.approx(examples.margins)
    assert [search.evaluations for search in result.searches] == [12, 12]
    with pytest.raises(UsageError, match="trainings of 2 epochs"):
        compare_strategies({"random": {}}, SearchPlan(evaluations=12, seeds=2, data=place))


def test_a_folder_that_holds_something_is_left_alone(exported) -> None:
    folder, data = exported
    with pytest.raises(UsageError, match="new or empty folder"):
        export_study(folder, data, licence="CC0-1.0")
