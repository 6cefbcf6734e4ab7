"""A kernel that refuses locks, as it does for some network file systems."""

import errno
import json
import platform
from functools import partial
from pathlib import Path

import no_training
import pytest
from support.command import SMALL, Finished, call_evo
from support.forked import forked
from support.refusals import FLOCK, refusal

from archive.history.reader import Reader
from evo.validation.sandbox import syscalls

pytestmark = pytest.mark.skipif(
    not syscalls.is_available() or platform.machine() not in FLOCK,
    reason="needs seccomp, to have the kernel refuse",
)


def without_locks(error: int, *words: str, cwd: Path) -> Finished:
    """The command where the kernel refuses locks with an error."""
    refuse = refusal(FLOCK, error)

    def call() -> Finished:
        refuse()
        return call_evo(*words, cwd=cwd)

    return forked(call)


@pytest.mark.parametrize(
    ("naming", "error"),
    [(("--name", "locked"), errno.ENOLCK), ((), errno.EOPNOTSUPP)],
    ids=["named", "numbered"],
)
def test_a_campaign_is_not_begun_where_there_are_no_locks(
    tmp_path: Path, naming: tuple[str, ...], error: int
) -> None:
    done = without_locks(error, *SMALL, *naming, cwd=tmp_path)

    assert done.code == 1, done.err
    assert "The file system of runs has no locks" in done.err
    assert "Choose a folder on another file system" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "runs").exists()


def test_a_campaign_that_is_there_is_read_and_not_written_without_locks(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "whole"
    config = no_training.configure(
        ("generations=1", "offspring=6", "trainings=4", "novelty.text_model=none")
    )
    with no_training.create(folder, config) as history:
        no_training.run(history, lambda _: None)
    records = len(list(Reader.read(folder).records))
    files = sorted(path.name for path in folder.rglob("*"))

    call = partial(without_locks, errno.ENOLCK, cwd=tmp_path)
    status = call("status", "whole", "--json")
    export = call("export", "whole", "--format", "jsonl")
    resumed = call("resume", "whole")

    assert (status.code, json.loads(status.out)["state"]) == (0, "finished"), status.err
    assert (export.code, len(export.out.splitlines())) == (0, records), export.err
    assert (resumed.code, "has no locks" in resumed.err) == (1, True), resumed.err
    assert sorted(path.name for path in folder.rglob("*")) == files
