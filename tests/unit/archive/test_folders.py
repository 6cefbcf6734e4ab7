"""Folders of campaigns: each process that starts gets a number of its own."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from archive.folders import named_folder, new_folder, numbered_folder, run_folder
from archive.history.history import History
from evo.core.errors import UsageError

JOBS = 12


def test_jobs_that_start_at_once_get_numbers_of_their_own(tmp_path) -> None:
    together = Barrier(JOBS)

    def start(job: int) -> tuple[int, str]:
        together.wait()
        config = {"generations": 1, "seed": job}
        with (
            numbered_folder(tmp_path / "runs", "job") as folder,
            History.create(folder, config=config, environment={}) as history,
        ):
            return job, history.folder.name

    with ThreadPoolExecutor(JOBS) as pool:
        names = dict(pool.map(start, range(JOBS)))

    assert sorted(names.values()) == [f"job-{number:03}" for number in range(1, JOBS + 1)]
    for job, name in names.items():
        with History.open(tmp_path / "runs" / name) as history:
            assert history.config["seed"] == job
    assert len(list((tmp_path / "runs").iterdir())) == JOBS


def test_a_number_is_given_back_where_nothing_came_of_it(tmp_path: Path) -> None:
    with numbered_folder(tmp_path / "runs", "job") as first:
        pass
    with numbered_folder(tmp_path / "runs", "job") as second:
        pass

    assert first == second
    assert list(tmp_path.iterdir()) == []


def test_of_jobs_that_start_at_once_under_one_name_one_begins(tmp_path: Path) -> None:
    together = Barrier(JOBS)

    def start(job: int) -> str:
        together.wait()
        try:
            History.create(tmp_path / "runs" / "one", config={"seed": job}, environment={}).close()
        except UsageError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(JOBS) as pool:
        said = list(pool.map(start, range(JOBS)))

    refused = [message for message in said if message]
    assert len(refused) == JOBS - 1
    assert all("holds a campaign already. Resume it, or" in message for message in refused)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["one"]


@pytest.mark.parametrize(("parent", "call"), [("runs", "go on one"), ("mine", "go on mine/one")])
def test_a_name_that_is_taken_says_how_to_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parent: str, call: str
) -> None:
    monkeypatch.chdir(tmp_path)
    History.create(Path(parent, "one"), config={}, environment={}).close()

    with pytest.raises(UsageError, match=f"Resume it with `{call}`, or choose another name"):
        new_folder(Path(parent), "one", to_resume="go on {}".format)
    assert new_folder(Path(parent), "two", to_resume=str) == Path(parent, "two")


@pytest.mark.parametrize("given", ["frist", "runs/frist", "{here}/runs/frist", "mine/frist"])
def test_a_wrong_name_offers_the_nearest_with_and_without_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    parent = tmp_path / ("mine" if given.startswith("mine") else "runs")
    for name in ("first", "second"):
        History.create(parent / name, config={}, environment={}).close()

    with pytest.raises(UsageError) as error:
        run_folder(given.format(here=tmp_path))

    near = f"Did you mean 'first'? Known in {parent}: first, second."
    assert str(error.value) == f"Unknown campaign 'frist'. {near}"


@pytest.mark.parametrize("given", ["", "/", "no/such", "x" * 300, "x" * 300 + "/y", "a\0/b", "a\0"])
def test_a_name_that_no_file_system_takes_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match="Unknown campaign"):
        run_folder(given)


@pytest.mark.parametrize("is_link", [True, False])
def test_a_place_for_campaigns_that_is_no_folder_is_wrong_use(
    tmp_path: Path, is_link: bool
) -> None:
    runs = tmp_path / "runs"
    if is_link:
        runs.symlink_to(tmp_path / "nowhere")
    else:
        runs.write_text("")

    with pytest.raises(UsageError, match="Expected a folder for campaigns at"):
        named_folder(runs, "one")
    with (
        pytest.raises(UsageError, match="a link to nothing" if is_link else "a file"),
        numbered_folder(runs, "job"),
    ):
        pass
