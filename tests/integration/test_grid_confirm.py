"""The last step of a study: the best of each cell on fresh seeds, with a budget, resumable."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copytree

import pandas as pd
import pytest
from grid_studies import STUDY, Engine, run
from support import records as build

from archive.history.confirmations import newest_of
from archive.history.reader import Reader
from evo.campaign.config import Config
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.report.facts.study import study_facts
from evo.studies.grid.cells import Cell, cells_of
from evo.studies.grid.confirming import confirm_cells
from evo.studies.grid.dataset import export_study
from evo.studies.grid.results import cells_in
from evo.studies.grid.study import Confirming, read_study

CONFIRMING = Confirming(seeds=8, epochs=2)
NETWORKS = 4


class Pool:
    """Workers whose baselines lose 1 and whose candidates lose 0.8, a second each."""

    def __init__(self, baselines: set[str]) -> None:
        self.asked: list[str] = []
        self._baselines = baselines

    def workers(self, config: Config) -> "Pool":
        assert config.protocol.first_seed >= 1_000_000
        return self

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            self.asked.append(job.id)
            is_known = job.id.partition("/")[2] in self._baselines
            losses = [(1.0 if is_known else 0.8) + 0.01 * seed for seed in range(8)]
            trials = build.trials(losses, task="digits", first_seed=1_000_000)
            yield Outcome(job.id, 0, trials, seconds=1.0)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> tuple[Path, list[Cell], set[str]]:
    folder = tmp_path_factory.mktemp("studies") / "small"
    assert run(folder, STUDY, Engine()) == []
    cells = cells_of(read_study(folder.parent / "study.toml"))
    records = Reader.read(folder / "random-0").records
    return folder, cells, {record.id for record in records if record.is_baseline}


def confirmed(folder: Path) -> dict[str, dict]:
    facts = study_facts("small", cells_in(folder))
    return {row["name"]: row["confirmed"] for row in facts["cells"]}


def test_the_best_of_each_cell_is_confirmed_and_baselines_train_once(study, tmp_path) -> None:
    folder, cells, baselines = study
    copytree(folder, tmp_path / "small")
    pool = Pool(baselines)
    assert confirmed(tmp_path / "small") == {"random-0": None, "climb-0": None}

    failures = confirm_cells(
        CONFIRMING, cells, tmp_path / "small", watch=lambda *_: None, workers=pool.workers
    )

    assert failures == []
    assert len(pool.asked) == len(set(pool.asked)) == len(baselines) + 2
    results = confirmed(tmp_path / "small")
    for entry in results.values():
        assert entry["log_ratio"] == pytest.approx(0.217, abs=0.01)
        assert entry["verdict"] == "confirmed"
        assert entry["p"] == pytest.approx(2**-8)
        assert entry["p_study"] == pytest.approx(2 * 2**-8)  # by Holm, one of two cells

    pool.asked.clear()
    confirm_cells(
        CONFIRMING, cells, tmp_path / "small", watch=lambda *_: None, workers=pool.workers
    )
    assert pool.asked == []
    export_study(tmp_path / "small", tmp_path / "data", licence="CC0-1.0")
    rows = pd.read_parquet(tmp_path / "data" / "cells.parquet").set_index("cell")
    assert rows.confirmed_p.to_dict() == {name: e["p_study"] for name, e in results.items()}
    assert (rows.confirmed_low < rows.confirmed_log_ratio).all()
    entries = {name: newest_of(tmp_path / "small" / name, id_) for name, id_ in rows.best.items()}
    assert {name: e and e["log_ratio"] for name, e in entries.items()} == (
        rows.confirmed_log_ratio.to_dict()
    )


def test_a_confirmation_ends_with_its_hours_and_goes_on_with_more(study, tmp_path) -> None:
    folder, cells, baselines = study
    copytree(folder, tmp_path / "small")
    pool = Pool(baselines)
    few = CONFIRMING.model_copy(update={"hours": 4.5 / 3600})

    failures = confirm_cells(
        few, cells, tmp_path / "small", watch=lambda *_: None, workers=pool.workers
    )

    assert [failure.cell for failure in failures] == ["random-0", "climb-0"]
    assert all("confirm.hours" in failure.reason for failure in failures)
    first = list(pool.asked)
    assert len(first) < len(baselines)

    assert (
        confirm_cells(
            CONFIRMING, cells, tmp_path / "small", watch=lambda *_: None, workers=pool.workers
        )
        == []
    )
    again = pool.asked[len(first) :]
    assert len(set(first) & set(again)) <= 1  # the one that ran as the hours ended
    assert all(confirmed(tmp_path / "small").values())
