"""MLflow: the tracking server of `MLFLOW_TRACKING_URI`, else a local store."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evo.monitoring.tracking.base import ExperimentTracker, TrackedRun, trackers

_TAG = "evo.campaign"


@trackers.register("mlflow")
class MLflow(ExperimentTracker):
    """Logs to MLflow, without a server into a store under `tracking/mlflow`."""

    package = "mlflow"
    extra = "mlflow"

    def open(self, run: TrackedRun) -> None:
        """Begin a run with the campaign's id as a tag, or go on with that which has it."""
        if not (address := os.environ.get("MLFLOW_TRACKING_URI")):
            address = run.folder.absolute().as_uri()
            # A store of files needs no database; MLflow asks to be told that it is meant.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - an extra, and slow

        self._client: Any = MlflowClient(tracking_uri=address)
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "evo")
        experiment = self._client.get_experiment_by_name(name)
        number = experiment.experiment_id if experiment else self._client.create_experiment(name)
        before = self._client.search_runs([number], f"tags.`{_TAG}` = '{run.id}'", max_results=1)
        if before:
            self._id: str = before[0].info.run_id
            self._client.set_terminated(self._id, "RUNNING")
            return
        begun = self._client.create_run(number, run_name=run.name, tags={_TAG: run.id})
        self._id = begun.info.run_id
        for key in ("kind", "seed", "generations", "population", "offspring"):
            self._client.log_param(self._id, key, run.config.get(key))
        self._client.log_dict(self._id, dict(run.config), "config.json")

    def log_generation(self, generation: int, metrics: Mapping[str, float]) -> None:
        """One metric each, by generation."""
        for name, value in metrics.items():
            self._client.log_metric(self._id, name, value, step=generation)

    def log_evaluation(self, number: int, metrics: Mapping[str, float]) -> None:
        """One metric each, by number."""
        for name, value in metrics.items():
            self._client.log_metric(self._id, name, value, step=number)

    def log_best(self, generation: int, source: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """The source as a file, the table as JSON."""
        self._client.log_text(self._id, source, f"best/generation-{generation:05}.py")
        self._client.log_dict(self._id, [dict(row) for row in rows], "best/table.json")

    def log_picture(self, generation: int, name: str, path: Path) -> None:  # noqa: ARG002
        """A file; the latest replaces those before."""
        self._client.log_artifact(self._id, str(path), name.rpartition("/")[0] or None)

    def close(self, *, is_finished: bool) -> None:
        """End the run as finished, or as killed where it goes on later."""
        self._client.set_terminated(self._id, "FINISHED" if is_finished else "KILLED")
