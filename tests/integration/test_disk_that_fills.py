"""A disk that becomes full while a campaign writes its replies, its lock or its pictures."""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import no_training
import pytest
from fault_server import FaultServer
from support.command import Finished, call_evo
from support.forked import forked
from support.mounts import can_mount, mount

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.campaign.config import Config
from evo.core.errors import HistoryError

pytestmark = pytest.mark.enable_socket


def reply(body: dict[str, Any]) -> str:
    """A model's reply by the request's seed, so long that the replies are the longest file."""
    thoughts = Random(body["seed"]).randbytes(20_000).hex()
    code = f"def activation(x):\n    return torch.sin({body['seed'] % 97}.5 * x)"
    return f"<think>{thoughts}</think>A wave.\n\n```python\n{code}\n```"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer().running() as server:
        server.text_of = reply
        yield server


def configure(url: str) -> Config:
    base = no_training.configure(
        ("population=6", "offspring=6", "trainings=4", "generations=3", "seed=3")
    )
    values = base.model_dump(mode="json", exclude={"operators", "portfolio", "llm"})
    return Config.model_validate({**values, "llm": {"models": [{"model": "m", "base_url": url}]}})


def run(folder: Path, config: Config) -> None:
    if not folder.exists():
        no_training.create(folder, config).close()
    with History.open(folder) as history:
        no_training.run(history, lambda _: None)


def segments(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "segments").glob("*.h5")}


def test_a_disk_that_fills_while_replies_are_written_stops_a_campaign_which_then_goes_on(
    server, tmp_path, full_disk
) -> None:
    config = configure(server.url)
    run(tmp_path / "whole", config)
    asked, requests, folder = server.count, count(1), tmp_path / "cut"

    def fill(body: dict[str, Any]) -> str:
        if next(requests) == asked // 2:
            full_disk((folder / "replies").stat().st_size)
        return reply(body)

    server.text_of = fill
    with pytest.raises(HistoryError, match=r"Cannot write .*/replies: .*Free space"):
        run(folder, config)
    full_disk(0)
    server.text_of = reply
    finished = Reader.read(folder)
    kept = len(Replies.read(folder, campaign=finished.id))
    run(folder, config)

    assert finished.generation >= 0
    assert kept >= asked // 2 - config.llm.concurrency
    assert segments(folder) == segments(tmp_path / "whole")
    assert server.count - 2 * asked <= config.llm.concurrency


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished campaign, with its picture."""
    place = tmp_path_factory.mktemp("finished")
    folder = place / "runs" / "whole"
    config = no_training.configure(("generations=1", "offspring=8", "novelty.text_model=none"))
    with no_training.create(folder, config) as history:
        no_training.run(history, lambda _: None)
    shown = call_evo("resume", "whole", cwd=place)
    assert shown.code == 0, shown.err
    return folder


@pytest.fixture
def finished(original: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(original, tmp_path / "runs" / "whole"))


@pytest.mark.heavy(quick="test_a_file_system_without_room_keeps_the_finished_and_begins_nothing")
def test_pictures_that_find_no_room_take_nothing_from_what_is_finished(
    finished: Path, full_disk
) -> None:
    place, picture = finished.parents[1], (finished / "pareto.png").read_bytes()

    full_disk(2000)
    resumed = call_evo("resume", "whole", cwd=place)
    front = call_evo("pareto", "whole", "--plot", "pictures", "--json", cwd=place)
    full_disk(0)

    assert (resumed.code, "Next:" in resumed.out) == (0, True), resumed.err
    assert "No picture: " in resumed.err
    assert "has no room for pictures (File too large). Free space" in resumed.err
    assert (finished / "pareto.png").read_bytes() == picture
    assert front.code == 1
    assert front.json["front"]
    assert "evo: pictures has no room for pictures" in front.err
    assert list((place / "pictures").iterdir()) == []
    again = call_evo("pareto", "whole", "--plot", "pictures", cwd=place)
    assert (again.code, len(list((place / "pictures").iterdir()))) == (0, 12)


@pytest.mark.skipif(not can_mount(), reason="needs root, to mount a small file system")
def test_a_file_system_without_room_keeps_the_finished_and_begins_nothing(finished: Path) -> None:
    small = finished.parents[1] / "small"
    (small / "runs").mkdir(parents=True)

    def call() -> tuple[Finished, Finished, list[str]]:
        mount(f"mount -t tmpfs -o size=2m none {small}/runs")
        shutil.copytree(finished, small / "runs" / "whole")
        with (small / "runs" / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while ballast.write(bytes(4096)):
                pass
        resumed = call_evo("resume", "whole", cwd=small)
        begun = call_evo("run", "smoke", "--name", "new", cwd=small)
        return resumed, begun, sorted(path.name for path in (small / "runs").iterdir())

    resumed, begun, left = forked(call)

    assert "Next:" in resumed.out
    assert (resumed.code, begun.code) == (0, 2)
    assert left == ["ballast", "whole"]
    assert "whole has no room for pictures (No space left on device)" in resumed.err
    assert re.search(r"evo: .* has 0 MB free, and the campaign may take .* MB", begun.err)
    assert "Traceback" not in resumed.err + begun.err
