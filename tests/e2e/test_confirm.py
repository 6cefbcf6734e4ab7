import os
import shutil
import signal
from pathlib import Path

import pytest
from support.command import Evo, Finished, start_evo
from support.processes import wait_for

from archive.history import confirmations
from archive.history.reader import Reader
from archive.store import journal

SMALL = ("--epochs", "1", "--seeds", "6", "--top", "2", "--task", "breast-cancer")


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file of a campaign beside its confirmations."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "confirmations" not in path.parts
    }


def trained(folder: Path) -> list[str]:
    """Ids in the journals of confirmations, in order."""
    paths = (folder / "confirmations").glob("journal-*")
    return [job_key.id for path in paths for job_key in journal.read_journal(path).outcomes]


@pytest.fixture(scope="module")
def folder(finished_run: str, workplace: Path) -> Path:
    return workplace / "runs" / finished_run


@pytest.fixture(scope="module")
def untouched(folder: Path) -> dict[Path, bytes]:
    return contents(folder)


@pytest.fixture(scope="module")
def confirmed(evo: Evo, folder: Path, untouched: dict[Path, bytes]) -> Finished:
    return evo("confirm", folder.name, *SMALL, "--json")


@pytest.mark.heavy(
    quick="test_confirm_plan.py::test_an_interrupted_confirmation_goes_on_where_it_stopped"
)
def test_an_interrupt_exits_with_130_and_what_has_trained_is_kept(
    evo: Evo, confirmed: Finished, folder: Path, workplace: Path
) -> None:
    cut = Path(shutil.copytree(folder, workplace / "runs" / "cut"))
    shutil.rmtree(cut / "confirmations")

    process = start_evo("confirm", "cut", *SMALL, cwd=workplace)
    wait_for(lambda: len(trained(cut)) >= 2)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    saved = trained(cut)
    continued = evo("confirm", "cut", *SMALL, "--json")

    assert process.returncode == 130, err
    assert "The same command continues" in err
    assert "Traceback" not in err
    assert not out
    assert 1 <= len(saved) < 24
    assert trained(cut)[: len(saved)] == saved
    assert len(set(trained(cut))) == len(trained(cut))
    assert confirmations.paths(cut)[0].name == "001.json"
    assert continued.json["candidates"] == confirmed.json["candidates"]


def test_the_front_and_the_best_are_judged_on_fresh_seeds_and_another_task(
    confirmed: Finished, folder: Path
) -> None:
    assert confirmed.code == 0, confirmed.err
    facts = confirmed.json

    assert facts["tasks"] == ["digits", "breast-cancer"]
    assert facts["searched"] == ["digits"]
    assert facts["protocol"]["rungs"] == [{"epochs": 1, "seeds": 6, "networks": None}]
    searched = {
        trial.seed
        for record in Reader.read(folder).records
        if record.score is not None
        for trial in record.score.trials
    }
    components = [*facts["candidates"], *facts["baselines"]]
    keys = [[(t["task"], t["network"], t["seed"]) for t in one["trials"]] for one in components]
    assert all(one == keys[0] for one in keys)
    assert {seed for _, _, seed in keys[0]} == set(range(1_000_000, 1_000_006))
    assert min(facts["seeds"]) > max(searched)
    assert len(facts["baselines"]) == 12


def test_every_verdict_stands_with_its_figures(evo: Evo, confirmed: Finished, folder: Path) -> None:
    front = {member["id"] for member in evo("pareto", folder.name, "--json").json["front"]}
    facts = confirmed.json
    baselines = {baseline["name"] for baseline in facts["baselines"]}

    assert front <= {entry["id"] for entry in facts["candidates"]}
    for entry in facts["candidates"]:
        assert entry["verdict"] in {"confirmed", "not confirmed"}
        assert (entry["verdict"] == "confirmed") == (
            entry["p_corrected"] < 0.05 and entry["log_ratio"] > 0
        )
        assert entry["strongest_baseline"] in baselines
        assert entry["log_ratio_ci"][0] <= entry["log_ratio"] <= entry["log_ratio_ci"][1]
        assert entry["p"] <= entry["p_corrected"] <= 1
        assert entry["b_wr_ci"][0] <= entry["b_wr"] <= entry["b_wr_ci"][1]
        assert set(entry["tasks"]) == {"digits", "breast-cancer"}
        assert "def activation" in entry["source"]


def test_confirming_again_trains_nothing_finds_the_same_and_leaves_the_campaign_alone(
    evo: Evo, confirmed: Finished, folder: Path, untouched: dict[Path, bytes]
) -> None:
    before = trained(folder)

    again = evo("confirm", folder.name, *SMALL)

    assert again.code == 0, again.err
    assert trained(folder) == before
    first, second = confirmations.paths(folder)[:2]
    assert (
        confirmations.read_confirmation(first)
        == confirmations.read_confirmation(second)
        == confirmed.json
    )
    assert contents(folder) == untouched
    for entry in confirmed.json["candidates"]:
        assert entry["id"][:8] in again.out
        assert entry["strongest_baseline"] in again.out
    assert "breast-cancer" in again.out
    assert all(len(line) <= 80 for line in again.out.splitlines())


def test_show_tells_the_newest_verdict_of_a_candidate(
    evo: Evo, confirmed: Finished, folder: Path
) -> None:
    entry = confirmed.json["candidates"][0]
    newest = confirmations.paths(folder)[-1].stem

    shown = evo("show", folder.name, entry["id"], "--json").json["confirmation"]

    assert (shown["verdict"], shown["number"]) == (entry["verdict"], newest)
    assert shown["p_corrected"] == entry["p_corrected"]
    assert "confirmation.verdict" in evo("show", folder.name, entry["id"]).out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--task", "brest-cancer"), "Did you mean 'breast-cancer'"),
        (("--top", "-1"), "--top: expected 0 or more (got '-1')"),
    ],
)
def test_wrong_use_exits_with_2_before_anything_trains(
    evo: Evo, confirmed: Finished, folder: Path, words: tuple[str, ...], message: str
) -> None:
    before = sorted(folder.rglob("*"))

    done = evo("confirm", folder.name, *words)

    assert done.code == 2, done.err
    assert message in done.err
    assert sorted(folder.rglob("*")) == before
