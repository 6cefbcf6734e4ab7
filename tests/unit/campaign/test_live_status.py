from dataclasses import replace

import pytest

from archive.history.live_status import PROGRESS_FILE, read_live_status
from evo.campaign.live_status import LiveStatus
from evo.campaign.progress import Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_snapshot_is_kept_every_few_seconds_and_at_each_step(tmp_path, clock) -> None:
    live = LiveStatus(tmp_path, clock=clock)
    progress = Progress(3, 20, "evaluate")
    kept = []
    for now, trained, step in ((0, 0.1, "evaluate"), (1, 0.2, "evaluate"), (3, 0.3, "evaluate")):
        clock.now = now
        live.keep(replace(progress, trained=trained, step=step))
        kept.append((read_live_status(tmp_path) or {})["trained"])
    live.keep(replace(progress, trained=0.0, step="archive"))

    assert kept == [0.1, 0.1, 0.3]
    assert (read_live_status(tmp_path) or {})["step"] == "archive"


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_file_that_is_none_is_as_good_as_absent(tmp_path, content) -> None:
    assert read_live_status(tmp_path) is None
    (tmp_path / PROGRESS_FILE).write_text(content)

    assert read_live_status(tmp_path) is None
