import os
import signal
from pathlib import Path

import pytest
from support.command import LONG, SECRET, SHORT, SMALL, Evo, Finished, start_evo
from support.fork_server import Forked
from support.processes import descendants, is_alive, wait_for

from archive.history import stop_reason as endings
from archive.history.reader import Reader
from evo.core.records import Status
from evo.report.facts.status import status_facts


def paid_for(folder: Path) -> tuple[int, int]:
    """The last sealed generation, and how many outcomes of the next one are on disk."""
    reader = Reader.read(folder)
    return reader.generation, len(reader.outcomes)


def test_a_campaign_ends_with_the_front_the_baselines_a_picture_and_what_to_do_next(
    first_run: Finished, workplace: Path
) -> None:
    for part in ("Pareto front", "Baselines on the same scale", "hardswish", "def activation"):
        assert part in first_run.out
    assert "evo show runs/whole" in first_run.out
    assert (workplace / "runs/whole/pareto.png").read_bytes().startswith(b"\x89PNG")
    assert "generation 2/2" in first_run.err


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


@pytest.mark.heavy(
    quick="test_engines_give_one_history.py::"
    "test_one_worker_and_an_engine_of_another_order_give_the_same_history"
)
def test_the_same_seed_gives_the_same_history_with_another_number_of_workers(
    evo: Evo, finished_run: str, workplace: Path
) -> None:
    # The first run takes a worker a processor, or three where there is but one.
    count = 1 if len(os.sched_getaffinity(0)) > 1 else 3
    done = evo(*SMALL, "--name", "other-workers", "--set", f"workers={count}")

    assert done.code == 0, done.err
    one = Reader.read(workplace / "runs/other-workers")
    two = Reader.read(workplace / "runs" / finished_run)
    assert list(one.records) == list(two.records)
    assert one.survivors == two.survivors


def end(process: Forked, folder: Path, ending: signal.Signals) -> None:
    """End a process as it trains: in order, or killed; none of its family is left."""
    family = descendants(process.pid)
    os.kill(process.pid, ending)
    _, err = process.communicate(timeout=60)

    is_killed = ending is signal.SIGKILL
    assert process.returncode == (-9 if is_killed else 130), err
    assert family
    wait_for(lambda: not any(map(is_alive, family)), timeout_s=20)
    if not is_killed:
        assert f"evo resume runs/{folder.name}" in err
        assert "Traceback" not in err
    told = endings.KILLED if is_killed else endings.INTERRUPTED
    assert status_facts(Reader.read(folder))["stopped_because"] == told


@pytest.mark.heavy(
    quick="test_resume.py::test_killed_anywhere_and_resumed_it_is_the_same_history_byte_for_byte"
)
def test_a_campaign_ended_again_and_again_resumes_to_the_same_history(
    evo: Evo, finished_run: str, workplace: Path
) -> None:
    folder = workplace / "runs/ended"
    words = (*SMALL, "--name", "ended")
    paid = (-1, 0)
    for ending in (signal.SIGINT, signal.SIGKILL):
        process = start_evo(*words, cwd=workplace)
        wait_for((folder / "campaign.json").exists)
        wait_for(lambda paid=paid: paid_for(folder) > paid)
        end(process, folder, ending)
        before, paid = paid, paid_for(folder)
        assert paid > before
        words = ("resume", "ended")
    resumed = evo("resume", "ended")

    assert resumed.code == 0, resumed.err
    whole, again = Reader.read(workplace / "runs" / finished_run), Reader.read(folder)
    assert list(again.records) == list(whole.records)
    assert again.survivors == whole.survivors
    for one, other in zip(again.records, whole.records, strict=True):
        assert (one.behaviour_vector == other.behaviour_vector).all()


def test_resuming_a_finished_campaign_shows_its_result_again(evo: Evo, finished_run: str) -> None:
    done = evo("resume", finished_run, "--json")

    assert done.code == 0, done.err
    assert done.json["state"] == "finished"


@pytest.mark.heavy(
    quick="test_branched_campaign.py::test_a_running_or_damaged_or_repeated_campaign_is_refused"
)
def test_a_second_process_on_one_campaign_is_refused_and_sigterm_ends_the_first_in_order(
    evo: Evo, workplace: Path
) -> None:
    folder = workplace / "runs/busy"
    process = start_evo(*LONG, "--name", "busy", cwd=workplace)
    wait_for((folder / "journal").exists)
    wait_for(lambda: Reader.read(folder).outcomes)
    done = evo("resume", "busy")
    running = evo("status", "busy", "--json")
    end(process, folder, signal.SIGTERM)

    assert done.code == 1
    assert str(process.pid) in done.err
    assert (running.json["state"], running.json["stopped_because"]) == ("running", None)
    assert running.json["progress"]["process"] == process.pid


@pytest.mark.enable_socket
def test_a_dead_endpoint_says_how_to_go_on_and_status_repeats_why(
    evo: Evo, workplace: Path
) -> None:
    model = '[{model = "absent", base_url = "http://127.0.0.1:9/v1"}]'
    settings = (f"llm.models={model}", "llm.attempts=1", "operators.generate-llm=9", "workers=1")
    done = evo(*SHORT, "--name", "dead", *(part for each in settings for part in ("--set", each)))
    status = evo("status", "dead", "--json").json

    assert done.code == 1
    assert "resume runs/dead" in done.err
    assert status["state"] == "stopped"
    assert "'absent' is unavailable" in status["stopped_because"]


@pytest.mark.enable_socket
def test_a_budget_that_ends_before_anything_is_proposed_prints_no_empty_tables(
    evo: Evo, workplace: Path
) -> None:
    model = '[{model = "absent", base_url = "http://127.0.0.1:9/v1"}]'
    settings = (f"llm.models={model}", "llm.budget.hours=0.000001")
    done = evo(*SHORT, "--name", "brief", *(part for each in settings for part in ("--set", each)))

    assert (done.code, done.out) == (0, "")
    assert "Nothing has been proposed yet" in done.err


def test_a_run_without_a_name_is_numbered(evo: Evo, tmp_path: Path) -> None:
    at_once = ("--set", "llm.budget.hours=0.000001", "--set", "novelty.text_model=none")
    for _ in range(2):
        done = evo("run", "smoke", *at_once, cwd=tmp_path)
        assert done.code == 0, done.err

    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["smoke-001", "smoke-002"]


def test_a_campaign_writes_no_secret_of_the_environment(
    first_run: Finished, workplace: Path
) -> None:
    files = [path for path in (workplace / "runs/whole").rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files)

    assert len(written) > 1000
    assert SECRET.encode() not in written
    assert SECRET not in first_run.out + first_run.err
