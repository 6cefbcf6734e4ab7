"""Folders of campaigns: each process that starts gets a number of its own."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from archive.history.history import History
from evo.api.folders import numbered_folder

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
