"""TensorBoard: event files in the campaign's folder, for `tensorboard --logdir runs`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evo.monitoring.tracking.base import ExperimentTracker, TrackedRun, trackers


@trackers.register("tensorboard")
class TensorBoard(ExperimentTracker):
    """Writes TensorBoard's event files under `tracking/tensorboard`."""

    package = "tensorboard"
    extra = "tensorboard"

    def open(self, run: TrackedRun) -> None:
        """Begin a file of events; TensorBoard shows those of all processes as one run."""
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra, and slow

        self._writer: Any = SummaryWriter(str(run.folder), max_queue=1000, flush_secs=30)

    def log_generation(self, generation: int, metrics: Mapping[str, float]) -> None:
        """One scalar per metric."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, generation)
        self._writer.flush()

    def log_evaluation(self, number: int, metrics: Mapping[str, float]) -> None:
        """One scalar per metric."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, number)

    def log_best(self, generation: int, source: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """The source as code, and the table, as text."""
        indented = "\n".join(f"    {line}" for line in source.splitlines())
        self._writer.add_text("best/source", indented, generation)
        if rows:
            head = "|" + "|".join(rows[0]) + "|\n|" + "---|" * len(rows[0])
            lines = ["|" + "|".join(str(cell) for cell in row.values()) + "|" for row in rows]
            self._writer.add_text("best/table", "\n".join([head, *lines]), generation)

    def log_picture(self, generation: int, name: str, path: Path) -> None:
        """An image."""
        from PIL import Image  # noqa: PLC0415 - comes with matplotlib

        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        self._writer.add_image(name, pixels, generation, dataformats="HWC")

    def close(self, *, is_finished: bool) -> None:  # noqa: ARG002 - files have no state
        """Write what is buffered."""
        self._writer.close()
