import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import EVO, Evo

from archive.history import Reader
from evo.types import Status


def wait_for(condition, *, timeout_s: float = 120.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def start(workplace: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [EVO, *words],
        cwd=workplace,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children_of(pid: int) -> list[int]:
    """Living descendants of a process."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            child = int(stat.parent.name)
            found += [child, *children_of(child)]
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_campaign_ends_with_the_front_the_baselines_a_picture_and_what_to_do_next(
    evo: Evo, workplace: Path
) -> None:
    done = evo("run", "smoke", "--name", "shown", "--set", "generations=1")

    assert done.code == 0, done.err
    for part in ("Pareto front", "Baselines on the same scale", "hardswish", "def activation"):
        assert part in done.out
    assert "evo show runs/shown" in done.out
    assert (workplace / "runs/shown/pareto.png").read_bytes().startswith(b"\x89PNG")
    assert "generation 1/1" in done.err


def test_the_history_of_a_campaign_tells_what_became_of_every_proposal(
    finished_run: str, workplace: Path
) -> None:
    records = Reader.read(workplace / "runs" / finished_run).records

    candidates = [record for record in records if not record.is_baseline]
    assert len(candidates) == 2 * 8
    assert all(record.status is not Status.PROPOSED for record in candidates)
    assert all(record.reason for record in candidates if record.status is not Status.EVALUATED)
    trained = [record for record in candidates if record.status is Status.EVALUATED]
    assert len(trained) > 0
    assert {record.score.rung for record in trained if record.score} == {0, 1}
    assert all(record.novelty is not None for record in trained)


def test_the_same_seed_gives_the_same_history_with_another_number_of_workers(
    evo: Evo, finished_run: str, workplace: Path
) -> None:
    done = evo("run", "smoke", "--name", "one-worker", "--seed", "4", "--set", "workers=1")

    assert done.code == 0, done.err
    one = Reader.read(workplace / "runs/one-worker")
    two = Reader.read(workplace / "runs" / finished_run)
    assert one.records == two.records
    assert one.survivors == two.survivors


def test_another_seed_gives_another_history(evo: Evo, finished_run: str, workplace: Path) -> None:
    done = evo("run", "smoke", "--name", "other", "--seed", "5", "--set", "generations=1")

    assert done.code == 0, done.err
    ids = {r.id for r in Reader.read(workplace / "runs/other").records if not r.is_baseline}
    theirs = Reader.read(workplace / "runs" / finished_run).records
    assert not ids <= {record.id for record in theirs}


@pytest.mark.parametrize(
    ("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_a_campaign_that_is_ended_midway_resumes_to_the_same_history(
    evo: Evo, finished_run: str, workplace: Path, ending: signal.Signals, code: int
) -> None:
    name = f"ended-{ending.name.lower()}"
    folder = workplace / "runs" / name
    process = start(workplace, "run", "smoke", "--name", name, "--seed", "4")
    journal = folder / "journal"
    # A few outcomes of generation 1 are on disk, the generation is not sealed.
    wait_for((folder / "segments/generation-000000.h5").exists)
    wait_for(lambda: journal.stat().st_size > 1000)
    family = children_of(process.pid)
    os.kill(process.pid, ending)
    _, err = process.communicate(timeout=60)

    assert process.returncode == code, err
    assert family
    wait_for(lambda: not any(map(is_alive, family)), timeout_s=20)
    assert Reader.read(folder).generation == 0
    paid = len(Reader.read(folder).outcomes)
    assert paid > 0
    if code == 130:
        assert f"evo resume runs/{name}" in err
        assert "Traceback" not in err
    resumed = evo("resume", name)
    assert resumed.code == 0, resumed.err
    whole = Reader.read(workplace / "runs" / finished_run)
    again = Reader.read(folder)
    assert again.records == whole.records
    assert again.survivors == whole.survivors


def test_resuming_a_finished_campaign_shows_its_result_again(evo: Evo, finished_run: str) -> None:
    done = evo("resume", finished_run, "--json")

    assert done.code == 0, done.err
    assert done.json["state"] == "finished"


def test_a_second_process_on_one_campaign_is_refused(evo: Evo, workplace: Path) -> None:
    process = start(workplace, "run", "smoke", "--name", "busy")
    try:
        wait_for((workplace / "runs/busy/campaign.json").exists)
        done = evo("resume", "busy")
        running = evo("status", "busy", "--json")
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)

    assert done.code == 1
    assert str(process.pid) in done.err
    assert running.json["state"] == "running"


def test_a_run_without_a_name_is_numbered(evo: Evo, tmp_path: Path) -> None:
    for _ in range(2):
        process = start(tmp_path, "run", "smoke")
        count = len(list(tmp_path.glob("runs/*"))) + 1
        wait_for(lambda n=count: len(list(tmp_path.glob("runs/*/campaign.json"))) == n)
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)

    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["smoke-001", "smoke-002"]


def test_a_campaign_folder_holds_no_secret_of_the_environment(workplace: Path) -> None:
    secret = "sk-do-not-write-me"
    done = subprocess.run(
        [EVO, "run", "smoke", "--name", "secret", "--set", "generations=1"],
        cwd=workplace,
        capture_output=True,
        env={**os.environ, "OPENAI_API_KEY": secret},
        timeout=300,
        check=True,
    )

    written = b"".join(
        p.read_bytes() for p in (workplace / "runs/secret").rglob("*") if p.is_file()
    )
    assert len(written) > 1000
    assert secret.encode() not in written + done.stdout + done.stderr
    assert json.loads((workplace / "runs/secret/config.json").read_text())["kind"] == "activation"
