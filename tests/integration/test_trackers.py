"""Trackers against the real libraries, which write to this machine."""

import json
from pathlib import Path

import pytest

from archive.history.history import History
from archive.history.reader import Reader
from evo.core.errors import UsageError
from evo.monitoring.tracking.base import ExperimentTracker, trackers
from evo.monitoring.tracking.tracking import check_trackers, tracked
from evo.report.facts.overview import overview_of
from evo.report.pictures import save_pareto


@pytest.fixture(scope="module")
def small(small_campaign: Path) -> Path:
    return small_campaign


class Parts:
    """Seals the generations of a campaign one after the other, as it was when it ran."""

    def __init__(self, folder: Path, small: Path, *names: str) -> None:
        self.folder = folder
        self.reader = Reader.read(small)
        self.records = list(self.reader.records)
        config = {**self.reader.config, "tracking": names}
        History.create(folder, config=config, environment={}).close()

    def run(self, *generations: int) -> list[str]:
        """One process that seals these generations; its warnings."""
        warnings: list[str] = []
        with (
            History.open(self.folder) as history,
            tracked(self.folder, draw=front, warn=warnings.append) as track,
        ):
            for generation in generations:
                history.seal(
                    generation, [r for r in self.records if r.generation == generation], []
                )
                track()
        return warnings

    def full(self) -> int:
        scored = [record for record in self.records if record.is_proposal and record.score]
        return sum(record.scored.rung == 1 for record in scored)


def front(reader: Reader, folder: Path) -> Path:
    return save_pareto(overview_of(reader), folder)


def test_tensorboard_has_each_generation_once_over_a_resume(small, tmp_path):
    parts = Parts(tmp_path / "run", small, "tensorboard")

    assert parts.run(0, 1, 2) == parts.run(3, 4, 5) == []

    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    steps: list[int] = []
    evaluations: list[int] = []
    texts, images = set(), set()
    for path in (tmp_path / "run" / "tracking" / "tensorboard").glob("events*"):
        events = EventAccumulator(str(path)).Reload()
        tags = events.Tags()
        steps += [e.step for e in events.Scalars("best/margin")]
        evaluations += [e.step for e in events.Scalars("candidate/margin")]
        texts |= {tag for tag in tags["tensors"] if tag.startswith("best/")}
        images |= set(tags["images"])
    assert sorted(steps) == [1, 2, 3, 4, 5]
    assert sorted(evaluations) == list(range(1, parts.full() + 1))
    assert texts == {"best/source/text_summary", "best/table/text_summary"}
    assert images == {"pictures/pareto"}


@pytest.mark.enable_socket  # the client talks to a process of its own on this machine
@pytest.mark.heavy(quick="test_tensorboard_has_each_generation_once_over_a_resume")
def test_wandb_writes_offline_and_goes_on_with_its_run(small, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    parts = Parts(tmp_path / "run", small, "wandb")

    assert parts.run(0, 1, 2) == parts.run(3, 4, 5) == []

    runs = sorted((tmp_path / "run" / "tracking" / "wandb" / "wandb").glob("offline-run-*"))
    assert len({path.name.rpartition("-")[2] for path in runs}) == 1
    stored = b"".join(path.read_bytes() for run in runs for path in run.glob("*.wandb"))
    assert b"best/margin" in stored
    assert b"candidate/b_wr" in stored
    assert b"def activation" in stored


@pytest.mark.heavy(quick="test_tensorboard_has_each_generation_once_over_a_resume")
def test_mlflow_keeps_one_run_in_a_local_store(small, tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    parts = Parts(tmp_path / "run", small, "mlflow")

    assert parts.run(0, 1, 2) == parts.run(3, 4, 5) == []

    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=(tmp_path / "run" / "tracking" / "mlflow").as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("evo").experiment_id])
    steps = [metric.step for metric in client.get_metric_history(run.info.run_id, "best/margin")]
    files = [file.path for file in client.list_artifacts(run.info.run_id, "best")]
    assert sorted(steps) == [1, 2, 3, 4, 5]
    assert run.info.status == "FINISHED"
    assert run.data.params["kind"] == "activation"
    assert "best/table.json" in files
    assert any(name.endswith(".py") for name in files)
    assert [file.path for file in client.list_artifacts(run.info.run_id, "pictures")]


@trackers.register("fails")
class Failing(ExperimentTracker):
    """Raises in its second generation, or logs all of them into a file."""

    package = "json"
    fails = True

    def open(self, run):
        self.path = run.folder / "said"

    def log_generation(self, generation, metrics):
        if self.fails and generation == 2:
            raise ConnectionError("the server is gone")
        with self.path.open("a") as file:
            file.write(json.dumps(generation) + "\n")

    def log_evaluation(self, number, metrics):
        assert set(metrics) >= {"candidate/margin"}

    def log_best(self, generation, source, rows):
        assert "def activation" in source
        assert rows[0]["margin"] >= rows[-1]["margin"]

    def log_picture(self, generation, name, path):
        assert path.read_bytes().startswith(b"\x89PNG")

    def close(self, *, is_finished):
        pass


def test_a_tracker_that_fails_is_named_and_logs_later_what_it_missed(small, tmp_path, monkeypatch):
    parts = Parts(tmp_path / "run", small, "fails")

    warnings = parts.run(0, 1, 2, 3)
    monkeypatch.setattr(Failing, "fails", False)

    assert len(warnings) == 1
    assert "left out from here on: ConnectionError: the server is gone" in warnings[0]
    assert len(Reader.read(parts.folder).records) > 100
    assert parts.run(4, 5) == []
    said = (parts.folder / "tracking" / "fails" / "said").read_text().split()
    assert said == ["1", "2", "3", "4", "5"]


def test_a_tracker_that_does_not_exist_is_an_error_before_anything_is_spent():
    with pytest.raises(UsageError, match=r"Unknown tracker 'wandbb'\. Did you mean 'wandb'"):
        check_trackers(["wandbb"])


def test_a_package_that_is_missing_has_its_install_line(monkeypatch):
    monkeypatch.setattr(Failing, "package", "not_there_at_all")
    monkeypatch.setattr(Failing, "extra", "fails")

    with pytest.raises(UsageError, match=r"pip install 'evo-search\[fails\]'"):
        check_trackers(["fails"])
