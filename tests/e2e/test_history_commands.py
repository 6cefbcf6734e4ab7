import ctypes
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import LONG, SMALL, Evo, Finished, start_evo
from support.forked import forked
from support.processes import wait_for

from archive.history.reader import Reader


@pytest.fixture
def copy(finished_run: str, workplace: Path, tmp_path: Path) -> Path:
    """The finished campaign, to be harmed."""
    return Path(shutil.copytree(workplace / "runs" / finished_run, tmp_path / "copy"))


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_check_says_that_a_campaign_is_sound(evo: Evo, finished_run: str) -> None:
    done = evo("check", finished_run, "--json")

    assert done.code == 0, done.err
    assert (done.json["state"], done.json["findings"]) == ("sound", [])
    assert done.json["records"] == 12 + 16


def test_damage_is_named_repaired_and_the_campaign_goes_on(evo: Evo, copy: Path) -> None:
    expected = list(Reader.read(copy).records)
    flip(copy / "segments/generation-000002.h5", 9000)

    refused = evo("status", str(copy))
    found = evo("check", str(copy), "--json")
    mended = evo("check", str(copy), "--repair", "--json")
    resumed = evo("resume", str(copy), "--json")

    assert refused.code == 1
    assert "generation-000002.h5 is damaged" in refused.err
    assert (found.code, found.json["state"]) == (1, "damaged")
    assert found.json["findings"][0]["file"] == "segments/generation-000002.h5"
    assert (mended.code, mended.json["state"]) == (0, "repaired")
    assert mended.json["generations_to_run_again"] == [2]
    assert (resumed.code, resumed.json["state"]) == (0, "finished")
    assert list(Reader.read(copy).records) == expected


def test_check_works_without_a_campaign_json_and_says_what_to_do(evo: Evo, copy: Path) -> None:
    (copy / "campaign.json").unlink()

    found = evo("check", str(copy))
    evo("check", str(copy), "--repair")

    assert found.code == 1
    assert "--repair" in found.err
    assert evo("status", str(copy)).code == 0


def test_two_campaigns_are_compared(evo: Evo, finished_run: str, copy: Path) -> None:
    done = evo("compare", finished_run, str(copy), "--json")
    shown = evo("compare", finished_run, str(copy))

    assert done.code == 0, done.err
    one, two = done.json["runs"]
    assert one["hypervolume"] == two["hypervolume"] == done.json["hypervolume_of_both"]
    assert (done.json["comparable"], done.json["front_members_beaten"]) == (True, [0, 0])
    assert done.json["best"]["log_loss_ratio"] == 0
    assert "not their settings" in shown.out


def test_everything_is_exported_into_one_hdf5_file(
    evo: Evo, finished_run: str, tmp_path: Path
) -> None:
    import h5py

    done = evo("export", finished_run, "--format", "hdf5", "-o", str(tmp_path / "campaign.h5"))

    assert done.code == 0, done.err
    with h5py.File(tmp_path / "campaign.h5") as file:
        assert len(file["records/id"]) == 12 + 16
        assert len(file["trials/loss"]) > 100


@pytest.mark.heavy(
    quick="test_disk_that_fills.py::test_a_disk_that_fills_while_replies_are_written_stops_a_campaign_which_then_goes_on"
)
def test_on_a_full_disk_a_campaign_stops_with_a_message_and_goes_on_when_there_is_room(
    evo: Evo, finished_run: str, workplace: Path, full_disk: Callable[[int], None]
) -> None:
    full_disk(40_000)  # the journal and small files stay below, the first segment does not
    stopped = evo(*SMALL, "--name", "full")
    full_disk(0)
    paid = Reader.read(workplace / "runs/full").outcomes

    assert stopped.code == 1, stopped.err
    assert "Free space" in stopped.err
    assert "Traceback" not in stopped.err
    assert len(paid) > 0
    resumed = evo("resume", "full", "--json")
    assert (resumed.code, resumed.json["state"]) == (0, "finished"), resumed.err
    one, two = Reader.read(workplace / "runs/full"), Reader.read(workplace / "runs" / finished_run)
    assert list(one.records) == list(two.records)


_CAPABILITIES = (0x20080522, 0)
"""Version 3 of the kernel's interface, for this process; see capset(2)."""


def give_up_privileges() -> None:
    """Take from this process, root's perhaps, that it may write where permissions forbid it."""
    head, none = (ctypes.c_uint32 * 2)(*_CAPABILITIES), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(head, none) == 0


def test_a_folder_that_may_only_be_read_is_read_and_not_resumed(evo: Evo, copy: Path) -> None:
    for path in [*copy.rglob("*"), copy]:
        path.chmod(0o555 if path.is_dir() else 0o444)

    def call() -> tuple[Finished, Finished]:
        give_up_privileges()
        return evo("status", str(copy), "--json"), evo("resume", str(copy))

    status, resumed = forked(call)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)

    assert (status.code, status.json["state"]) == (0, "finished"), status.err
    assert resumed.code == 1
    assert "Permission denied" in resumed.err
    assert "correct the permissions" in resumed.err


@pytest.mark.heavy(quick="test_stopping.py::test_the_second_signal_stops_at_once")
def test_a_second_ctrl_c_stops_at_once(workplace: Path) -> None:
    process = start_evo(*LONG, "--name", "hasty", cwd=workplace)
    folder = workplace / "runs/hasty"
    wait_for(lambda: (folder / "journal").exists() and Reader.read(folder).outcomes)
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.3)
    asked = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert time.monotonic() - asked < 30  # trainings in progress would take minutes
    assert "Stopping" in err
    assert Reader.read(folder).outcomes
