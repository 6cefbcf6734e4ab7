"""Small campaigns that ask language models of a test server."""

from pathlib import Path
from typing import Any

import no_training
import pytest
from fault_server import KEY, FaultServer
from support.killed import Killed

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.campaign.config import Config
from evo.campaign.progress import Progress

CALLS = ("torch.tanh", "torch.sin", "F.silu", "torch.erf", "F.softplus", "torch.atan", "F.mish")


def reply(body: dict[str, Any]) -> str:
    """A model's reply by the request's seed: mostly code, at times refused or of no use."""
    seed = body["seed"]
    if "Mend a component" in body["messages"][1]["content"]:
        return (
            f"Mended.\n```python\ndef activation(x):\n    return torch.sin({seed % 89}.5 * x)\n```"
        )
    if seed % 7 == 0:
        return "```python\nimport os\ndef activation(x):\n    return os.getcwd()\n```"
    if seed % 11 == 0:
        return "I would rather not."
    one, two = CALLS[seed % 7], CALLS[seed // 7 % 7]
    code = f"def activation(x):\n    return {one}({seed % 97 / 50:.2f} * x) - 0.3 * {two}(x)"
    return f"<think>{seed}</think>A blend.\n\n```python\n{code}\n```"


def configure(url: str, **changed: Any) -> Config:
    model = {"model": "test-model", "base_url": url, "key_env": "EVO_TEST_KEY"}
    prices = [("cheap", 0.0), ("dear", 10.0)]
    models = [{**model, "name": name, "price_in": 0, "price_out": price} for name, price in prices]
    llm = {"models": models, "wait_s": 0.01, **changed}
    base = no_training.configure(
        ("population=6", "offspring=10", "trainings=6", "generations=4", "seed=3")
    )
    values = base.model_dump(mode="json", exclude={"operators", "portfolio", "llm"})
    return Config.model_validate({**values, "llm": llm})


def run(folder: Path, config: Config, **how: Any) -> None:
    if not folder.exists():
        no_training.create(folder, config).close()
    with History.open(folder) as history:
        no_training.run(history, lambda _: None, **how)


def run_whole_and_killed(folder: Path, config: Config, *, generation: int) -> None:
    """Run one campaign in `whole`, and its like in `cut`, killed in a generation and resumed."""
    run(folder / "whole", config)
    no_training.create(folder / "cut", config).close()

    def stop(progress: Progress) -> None:
        if progress.generation == generation:
            raise Killed

    with pytest.raises(Killed), History.open(folder / "cut") as history:
        no_training.run(history, stop)
    run(folder / "cut", config)


def segments(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "segments").glob("*.h5")}


def totals(folder: Path):
    return Replies.read(folder, campaign=Reader.read(folder).id).total


def writing(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    """The server with models that write components; its key is in the environment."""
    monkeypatch.setenv("EVO_TEST_KEY", KEY)
    server.text_of = reply
    return server
