"""Trainings of a confirmation, and how its journal spares a second one the work."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from support import loops
from support.records import evaluated, trials

from archive.history.confirmations import read_confirmation
from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.config import Config
from evo.core.errors import EvoError, HistoryError, UsageError
from evo.core.records import BASELINE_OPERATOR, Record
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.studies import confirm
from evo.studies.confirm import carry_out
from evo.studies.confirm_plan import FRESH, plan

SEARCH = Protocol(
    rungs=(Rung(epochs=1, seeds=3), Rung(epochs=4, seeds=9)),
    rate_seeds=5,
    heat_seeds=4,
    learning_rates=(0.01, 0.1),
    batch_size=16,
)


def record(name: str, b_wr: float, n_score: float, **known) -> Record:
    vectors = {key: np.ones(2, np.float32) for key in ("text_vector", "behaviour_vector")}
    return evaluated(name, b_wr, n_score, generation=0, graphs=(name,), **vectors, **known)


BASELINES = [record(f"base-{i}", 0.5, 0.5, operator=BASELINE_OPERATOR) for i in range(2)]
FRONT = [record("best", 0.9, 0.1), record("novel", 0.2, 0.9)]
BEHIND = [record("second", 0.8, 0.05), record("third", 0.7, 0.05), record("last", 0.1, 0.1)]
SHORT = [record("short", 1.0, 2.0, rung=0)]


def campaign(folder: Path, records: Sequence[Record], tasks=("digits",)) -> Reader:
    config = Config(protocol=SEARCH, device="cpu", tasks=tasks).model_dump(mode="json")
    with History.create(folder / "run", config=config, environment={}) as history:
        history.seal(0, records, [])
    return Reader.read(folder / "run")


def chosen(folder: Path, *, top=2, seeds=8, extra_tasks=("breast-cancer",), searched=("digits",)):
    history = campaign(folder, [*BASELINES, *BEHIND, *FRONT, *SHORT], searched)
    return plan(history, top=top, epochs=7, seeds=seeds, extra_tasks=extra_tasks)


@pytest.mark.parametrize(
    ("top", "ids"),
    [
        (0, ["best", "novel"]),
        (1, ["best", "novel"]),
        (2, ["best", "second", "novel"]),
        (9, ["best", "second", "third", "novel", "last"]),
    ],
)
def test_the_front_and_the_best_are_confirmed_once_each(tmp_path: Path, top, ids) -> None:
    found = chosen(tmp_path, top=top)

    assert [record.id for record in found.candidates] == ids
    assert [record.id for record in found.baselines] == ["base-0", "base-1"]


def test_a_loop_is_confirmed_on_itself_as_long_as_its_last_rung(tmp_path: Path) -> None:
    loop = str(Path(loops.__file__))

    own = plan(campaign(tmp_path, [*BASELINES, *FRONT], (loop,)), top=0, epochs=None, seeds=8)

    assert own.config.tasks == (loop,)
    assert own.config.protocol.rungs == (Rung(epochs=4, seeds=8),)


def test_a_task_of_evo_is_confirmed_on_others_and_for_thirty_epochs(tmp_path: Path) -> None:
    usual = plan(campaign(tmp_path, [*BASELINES, *FRONT]), top=0, epochs=None, seeds=8)

    assert usual.config.tasks == ("digits", "digits-cnn", "breast-cancer")
    assert usual.config.protocol.rungs == (Rung(epochs=30, seeds=8),)


def test_no_seed_of_the_search_is_used_again(tmp_path: Path) -> None:
    protocol = chosen(tmp_path).config.protocol

    (heat,) = protocol.heats(0)
    searched = {seed for rung in range(2) for heat in SEARCH.heats(rung) for seed in heat}
    assert heat == range(FRESH, FRESH + 8)
    assert not searched & set(heat)


def test_everyone_trains_with_every_seed_at_every_rate_of_the_search(tmp_path: Path) -> None:
    protocol = chosen(tmp_path).config.protocol

    assert protocol.rungs == (Rung(epochs=7, seeds=8),)
    assert protocol.work(0, 0, [1]) == 7 * 8 * 2
    assert not protocol.racing
    assert (protocol.learning_rates, protocol.batch_size) == ((0.01, 0.1), 16)


def test_a_training_may_take_as_much_longer_as_there_is_more_to_do(tmp_path: Path) -> None:
    # The search's longest heat is 4 epochs of 5 seeds at 2 rates, and both have digits' networks.
    assert chosen(tmp_path).config.timeout_s == pytest.approx(600 * (7 * 8 * 2) / (4 * 5 * 2))


def test_tasks_beside_the_campaigns_own_are_the_usual_ones_or_those_named(tmp_path: Path) -> None:
    usual = chosen(tmp_path, extra_tasks=None)
    named = plan(
        Reader.read(usual.campaign), top=0, epochs=1, seeds=8, extra_tasks=["breast-cancer"]
    )

    assert usual.config.tasks == ("digits", "digits-cnn", "breast-cancer")
    assert named.config.tasks == ("digits", "breast-cancer")
    assert usual.searched == named.searched == ("digits",)


def test_no_usual_task_repeats_the_networks_and_data_of_the_search(tmp_path: Path) -> None:
    usual = chosen(tmp_path, searched=("digits-large",), extra_tasks=None)

    # Its convolutional network is that of digits-cnn.
    assert usual.config.tasks == ("digits-large", "digits", "breast-cancer")


@pytest.mark.parametrize(
    "records",
    [BASELINES, [*BASELINES, *SHORT]],
    ids=["baselines alone", "nobody at the last rung"],
)
def test_a_campaign_without_a_full_candidate_has_nothing_to_confirm(tmp_path, records) -> None:
    with pytest.raises(UsageError, match="no candidate yet that trained at its last rung"):
        plan(campaign(tmp_path, records), top=5, epochs=1, seeds=8)


def test_seeds_that_could_confirm_nobody_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"5 seeds cannot confirm any of 3 .* --seeds 6"):
        chosen(tmp_path, seeds=5)


class Pool:
    """In the place of the workers: fixed losses, and a note of what was asked for."""

    def __init__(self, *, fails: str = "", dies_after: int = 99) -> None:
        self.asked: list[str] = []
        self.fails = fails
        self.dies_after = dies_after
        self._task = ""

    def workers(self, config: Config) -> "Pool":
        (self._task,) = config.tasks
        return self

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            if len(self.asked) == self.dies_after:
                raise KeyboardInterrupt
            self.asked.append(job.id)
            if job.id == self.fails:
                yield job.failed("its worker died")
                continue
            loss = {"best": 0.5, "second": 2.0}.get(job.graphs[0], 1.0)
            results = trials([loss] * 8, task=self._task, first_seed=FRESH)
            yield Outcome(job.id, 0, results, seconds=1.0)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    pool = Pool()
    monkeypatch.setattr(confirm.process, "workers", pool.workers)
    return pool


def test_every_component_trains_on_every_task_and_the_better_one_is_confirmed(
    tmp_path: Path, pool: Pool
) -> None:
    told: list[tuple[int, int]] = []

    content = read_confirmation(
        carry_out(chosen(tmp_path), lambda done, total: told.append((done, total)))
    )

    components = ("base-0", "base-1", "best", "second", "novel")
    tasks = ("digits", "breast-cancer")
    assert pool.asked == [f"{task}/{name}" for task in tasks for name in components]
    assert {entry["id"]: entry["verdict"] for entry in content["candidates"]} == {
        "best": "confirmed",
        "second": "not confirmed",
        "novel": "not confirmed",
    }
    assert [len(entry["trials"]) for entry in content["candidates"]] == [16, 16, 16]
    assert [len(entry["trials"]) for entry in content["baselines"]] == [16, 16]
    assert (told[0], told[-1]) == ((0, 10), (10, 10))


def test_an_interrupted_confirmation_goes_on_where_it_stopped(tmp_path: Path, pool: Pool) -> None:
    wanted = chosen(tmp_path)
    pool.dies_after = 4
    with pytest.raises(KeyboardInterrupt):
        carry_out(wanted, lambda *_: None)
    before, pool.asked, pool.dies_after = pool.asked, [], 99
    told: list[int] = []

    path = carry_out(wanted, lambda done, _: told.append(done))

    assert path.name == "001.json"
    assert len(before) == 4
    assert not set(before) & set(pool.asked)
    assert len(pool.asked) == 6
    assert told == [4, 5, 6, 7, 8, 9, 10]


def test_what_is_recorded_of_later_tasks_counts_before_anything_trains(
    tmp_path: Path, pool: Pool
) -> None:
    wanted = chosen(tmp_path)
    pool.fails = "digits/second"  # is tried again; all of the second task is recorded
    carry_out(wanted, lambda *_: None)
    pool.asked, pool.fails = [], ""
    told: list[int] = []

    carry_out(wanted, lambda done, _: told.append(done))

    assert (pool.asked, told) == (["digits/second"], [9, 10])


def test_a_second_confirmation_trains_nothing_again_and_finds_the_same(
    tmp_path: Path, pool: Pool
) -> None:
    wanted = chosen(tmp_path)
    first = carry_out(wanted, lambda *_: None)
    pool.asked = []

    more = plan(
        Reader.read(wanted.campaign), top=9, epochs=7, seeds=8, extra_tasks=["breast-cancer"]
    )
    second = carry_out(wanted, lambda *_: None)
    assert pool.asked == []
    assert read_confirmation(second) == read_confirmation(first)

    carry_out(more, lambda *_: None)
    assert {name.rpartition("/")[2] for name in pool.asked} == {"third", "last"}


def test_a_candidate_that_cannot_be_trained_is_not_confirmed_and_counts_as_tested(
    tmp_path: Path, pool: Pool
) -> None:
    pool.fails = "breast-cancer/second"

    wanted = chosen(tmp_path)
    best, second, _ = read_confirmation(carry_out(wanted, lambda *_: None))["candidates"]

    assert (second["verdict"], second["reason"]) == ("not confirmed", "its worker died")
    assert (second["p"], second["log_ratio"], second["trials"]) == (1.0, None, [])
    assert best["p_corrected"] == 3 * best["p"] == 3 * 2.0**-8

    pool.fails = ""
    assert read_confirmation(carry_out(wanted, lambda *_: None))["candidates"][1]["reason"] == ""


def test_a_baseline_that_cannot_be_trained_ends_the_work_and_nothing_is_lost(
    tmp_path: Path, pool: Pool
) -> None:
    wanted = chosen(tmp_path)
    pool.fails = "digits/base-1"
    with pytest.raises(EvoError, match=r"Baseline base-1 could not be trained: its worker died\."):
        carry_out(wanted, lambda *_: None)
    pool.asked, pool.fails = [], ""

    carry_out(wanted, lambda *_: None)

    assert pool.asked == ["digits/base-1"]


def test_a_foreign_file_is_told_of_before_anything_trains(tmp_path: Path, pool: Pool) -> None:
    wanted = chosen(tmp_path)
    (wanted.campaign / "confirmations").mkdir()
    (wanted.campaign / "confirmations/notes.json").write_text("{}")

    with pytest.raises(HistoryError, match=r"notes\.json"):
        carry_out(wanted, lambda *_: None)

    assert pool.asked == []
