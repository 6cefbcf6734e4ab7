"""A campaign that asks language models, cut off and resumed, equals the uninterrupted one."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import no_training
import pytest
from fault_server import FaultServer
from llm_campaigns import configure, run, segments, writing
from support.killed import Killed
from support.profiles import heavy, many

from archive.history.history import History
from archive.store import disk
from evo.campaign.changes import change
from evo.campaign.config import Config
from evo.campaign.progress import Progress
from evo.llm.endpoint import EndpointDeadError

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def server(running, monkeypatch):
    running.faults, running.always = [], ""
    running.bodies.clear()
    return writing(running, monkeypatch)


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    """One server, so that campaigns with equal settings are equal."""
    with FaultServer().running() as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Callable[[Config], Path]:
    """Runs a campaign with some settings to its end, once."""
    folders: dict[str, Path] = {}

    def undisturbed(config: Config) -> Path:
        key = config.model_dump_json()
        if key not in folders:
            folders[key] = tmp_path_factory.mktemp("undisturbed") / "run"
            run(folders[key], config)
        return folders[key]

    return undisturbed


def live(folder: Path, config: Config, *, die_at: int | None = None) -> int:
    """Run to the end, or to the durable step of that number in the main thread or another."""
    steps = count()

    def dying(act):
        def acting(*args, **words):
            if die_at is not None and next(steps) >= die_at:
                raise Killed
            if die_at is None:
                next(steps)
            return act(*args, **words)

        return acting

    with pytest.MonkeyPatch.context() as patch:
        if not folder.exists():
            no_training.create(folder, config).close()
        patch.setattr(os, "fsync", dying(os.fsync))
        patch.setattr(disk, "synchronise", dying(disk.synchronise))
        run(folder, config)
    return next(steps)


@pytest.mark.parametrize(("ahead", "islands"), [(True, 1), *heavy((False, 1), (True, 2))])
def test_killed_anywhere_and_resumed_it_is_the_same_history(
    server, tmp_path, ahead, islands
) -> None:
    config = configure(server.url, ahead=ahead)
    if islands > 1:
        selection = {"islands": islands, "migrate_every": 2, "survival": "niches"}
        values = config.model_dump(mode="json")
        config = Config.model_validate({**values, "population": 8, "selection": selection})
    events = live(tmp_path / "whole", config)
    asked = server.count

    deaths = (events // 7, events // 3, events // 2)
    for death in deaths[:: many(2, nightly=1)]:
        with suppress(Killed, BaseExceptionGroup):
            live(tmp_path / "cut", config, die_at=death)
    run(tmp_path / "cut", config)

    assert segments(tmp_path / "cut") == segments(tmp_path / "whole")
    again = server.count - asked
    assert asked <= again <= asked + 3 * config.llm.concurrency


@pytest.mark.parametrize(("death", "ahead"), [(7, True), *heavy((0, True), (20, True), (7, False))])
def test_a_dead_endpoint_stops_a_campaign_which_then_goes_on_as_if_it_never_was(
    server, undisturbed, tmp_path, death, ahead
) -> None:
    config = configure(server.url, attempts=1, ahead=ahead)
    assert config.llm.patience == 8
    whole = undisturbed(config)
    server.faults = [""] * death
    server.always = "status:500"

    with pytest.raises(EndpointDeadError, match="Everything is saved"):
        run(tmp_path / "cut", config)
    server.always, server.faults = "", []
    run(tmp_path / "cut", config)

    assert segments(tmp_path / "cut") == segments(whole)


@pytest.mark.heavy(
    quick="test_extended_campaign.py::"
    "test_a_resume_of_a_campaign_with_changes_equals_the_uninterrupted_one"
)
def test_a_campaign_that_asks_ahead_changes_its_operators_at_a_boundary_and_resumes_exactly(
    server, tmp_path
) -> None:
    for name in ("whole", "cut"):
        run(tmp_path / name, configure(server.url).model_copy(update={"generations": 1}))
        with History.open(tmp_path / name) as history:
            requested = {"generations": 5, "operators.generate-llm": 9}
            made = change(history, requested, check=lambda _: None)
        # Nothing was asked ahead of a finished campaign, so nothing has to be waited for.
        assert [one.first for one in made] == [2]
    run(tmp_path / "whole", configure(server.url))

    def cut(progress: Progress) -> None:
        if (progress.generation, progress.step) == (4, "archive"):
            raise KeyboardInterrupt

    with History.open(tmp_path / "cut") as history, pytest.raises(KeyboardInterrupt):
        no_training.run(history, cut)
    run(tmp_path / "cut", configure(server.url))

    assert segments(tmp_path / "cut") == segments(tmp_path / "whole")
