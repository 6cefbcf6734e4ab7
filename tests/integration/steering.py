"""Campaigns that a person steers while they run, with a stub for training."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import no_training

from archive.history.history import History
from evo.campaign.commands import Command
from evo.campaign.config import Config
from evo.campaign.progress import Progress
from evo.campaign.steer import steer

SMALL = ("population=6", "offspring=10", "trainings=6", "seed=3")
Moment = tuple[int, str]
Say = Callable[[History], object]


def configure(*settings: str) -> Config:
    return no_training.configure((*SMALL, *settings))


def with_models(place: Path, *, ahead: bool = True, generations: int = 5) -> Config:
    """A campaign whose models answer from a file, every reply a function of its own."""
    texts = [
        f"```python\nimport torch\ndef activation(x):\n    return {call}({n / 37:.3f} * x)\n```"
        for n, call in enumerate(["torch.tanh", "torch.sin", "torch.atan"] * 60, start=1)
    ]
    (place / "replies.json").write_text(json.dumps(texts))
    model = {"provider": "scripted", "model": str(place / "replies.json")}
    models = [{**model, "name": name, "price_in": 1, "price_out": 1} for name in ("one", "two")]
    values = configure(f"generations={generations}").model_dump(
        mode="json", exclude={"operators", "portfolio", "llm"}
    )
    return Config.model_validate({**values, "llm": {"models": models, "ahead": ahead}})


def said(*words: str, **how: Any) -> Say:
    return lambda history: steer(history, Command.of(words[0], words[1:], **how))


def run(
    folder: Path,
    config: Config,
    says: Mapping[Moment, Say] | None = None,
    *,
    die_at: Moment = (-1, ""),
) -> list[Any]:
    """Run a campaign; at some moments a person says something, each once. Gives the answers."""
    if not folder.exists():
        no_training.create(folder, config).close()
    due = dict(says or {})
    answers: list[Any] = []

    def watch(progress: Progress) -> None:
        moment = (progress.generation, progress.step)
        if say := due.pop(moment, None):
            answers.append(say(history))
        if moment == die_at:
            raise KeyboardInterrupt

    with History.open(folder) as history:
        no_training.run(history, watch)
    return answers


def segments(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "segments").glob("*.h5")}
