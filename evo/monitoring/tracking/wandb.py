"""Weights & Biases: online where a key is known, else offline files for `wandb sync`."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evo.monitoring.tracking.base import ExperimentTracker, TrackedRun, trackers


@trackers.register("wandb")
class WeightsAndBiases(ExperimentTracker):
    """Logs to Weights & Biases, offline under `tracking/wandb` without a key."""

    package = "wandb"
    extra = "wandb"

    def open(self, run: TrackedRun) -> None:
        """Begin the run of the campaign's id, or go on with it."""
        import wandb  # noqa: PLC0415 - an extra, and slow

        self._wandb: Any = wandb
        mode: Any = os.environ.get("WANDB_MODE") or (
            "online" if os.environ.get("WANDB_API_KEY") else "offline"
        )
        self._run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "evo"),
            id=run.id[:32],
            name=run.name,
            dir=str(run.folder),
            config=dict(run.config),
            resume="allow",
            mode=mode,
            # No code, no console: what a candidate or a model wrote is logged as text alone.
            settings=wandb.Settings(console="off", save_code=False, silent=True),
        )
        self._run.define_metric("generation")
        self._run.define_metric("evaluation")
        for prefix in ("best", "generation", "search", "spent"):
            self._run.define_metric(f"{prefix}/*", step_metric="generation")
        self._run.define_metric("candidate/*", step_metric="evaluation")

    def log_generation(self, generation: int, metrics: Mapping[str, float]) -> None:
        """All metrics at once."""
        self._run.log({"generation": generation, **metrics})

    def log_evaluation(self, number: int, metrics: Mapping[str, float]) -> None:
        """All metrics at once."""
        self._run.log({"evaluation": number, **metrics})

    def log_best(self, generation: int, source: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """The table, with the source of the best in the summary."""
        self._run.summary["best/source"] = source
        if rows:
            table = self._wandb.Table(
                columns=list(rows[0]), data=[list(row.values()) for row in rows]
            )
            self._run.log({"generation": generation, "best/table": table})

    def log_picture(self, generation: int, name: str, path: Path) -> None:
        """An image."""
        self._run.log({"generation": generation, name: self._wandb.Image(str(path))})

    def close(self, *, is_finished: bool) -> None:  # noqa: ARG002 - a stopped run goes on later
        """End the run."""
        self._run.finish()
