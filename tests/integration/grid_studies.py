"""A small study whose trainings are a stub, and what runs it."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import no_training

from archive.history.history import History
from evo.campaign.config import parse
from evo.studies.grid.cells import cells_of
from evo.studies.grid.running import run_study
from evo.studies.grid.study import read_study

STUDY = """
base = "smoke"
hypotheses = 24
rounds = 3
[settings]
population = 6
trainings = 4
device = "cpu"
protocol.leaders = 0
novelty.text_model = "none"
[axes.search.random]
strategy = "random"
[axes.search.climb]
strategy = "hill"
"""
FURTHER = (
    STUDY
    + """
[axes.search.best]
strategy = "best-of-n"
"""
)


class Engine:
    """Runs campaigns with a stub for training, and notes what ran and how much it trained."""

    def __init__(self) -> None:
        self.turns: list[tuple[str, int]] = []
        self.trained: dict[str, int] = {}
        self.stop_before: int | None = None

    def __call__(self, history: History, watch: Callable[..., None], **given: Any) -> None:
        name = history.folder.name
        if self.stop_before is not None and len(self.turns) >= self.stop_before:
            raise KeyboardInterrupt
        trainer = no_training.Trainer(parse(history.config, where="config").protocol)
        chosen = {key: given[key] for key in ("known", "replies", "last")}
        no_training.run(history, watch, trainer=trainer, **chosen)
        self.turns.append((name, history.generation))
        self.trained[name] = self.trained.get(name, 0) + trainer.trained


def run(folder: Path, text: str, engine: Engine) -> Sequence[object]:
    file = folder.parent / "study.toml"
    file.write_text(text)
    study = read_study(file)
    show = partial(nullcontext, lambda _: None)
    return run_study(
        study,
        cells_of(study),
        folder,
        show=lambda _: show(),
        warn=lambda _: None,
        unsafe_sandbox=True,
        engine=engine,
    )
