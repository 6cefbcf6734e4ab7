"""Whole campaigns that ask language models, with a stub for training and a server on loopback."""

import json
import os
from contextlib import suppress
from pathlib import Path

import h5py
import no_training
import pytest
from fault_server import KEY
from llm_campaigns import configure, run, segments, totals, writing
from support.profiles import heavy

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.campaign import process
from evo.campaign.config import Config
from evo.campaign.events import BudgetWarning
from evo.campaign.progress import Progress
from evo.core.errors import BudgetReachedError, EvoError, HistoryError
from evo.core.records import Status
from evo.llm.endpoint import EndpointDeadError
from evo.report.facts.status import status_facts
from evo.report.facts.trouble import lost_replies

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def server(server, monkeypatch):
    return writing(server, monkeypatch)


def test_candidates_come_from_models_and_trees_and_what_is_refused_is_mended(
    server, tmp_path
) -> None:
    run(tmp_path / "run", configure(server.url))

    records = [r for r in Reader.read(tmp_path / "run").records if not r.is_baseline]
    operators = {record.candidate.operator for record in records}
    assert operators >= {"mutate-tree", "novel-llm", "incremental-llm", "crossover-llm"}
    asked = [record for record in records if record.candidate.model]
    assert {record.candidate.model for record in asked} == {"cheap", "dear"}
    assert all(len(record.candidate.request) == 64 for record in asked)
    assert any(record.status is Status.EVALUATED for record in asked)
    assert any(record.candidate.rationale == "A blend." for record in asked)
    repaired = [record for record in records if record.candidate.operator == "repair-llm"]
    refused = {r.id: r for r in records if r.status is Status.INVALID and r.candidate.model}
    assert repaired
    assert all(refused[record.candidate.parents[0]].reason for record in repaired)
    assert len(repaired) == len(refused)
    assert any(record.status is Status.EVALUATED for record in repaired)


def test_what_was_spent_is_what_was_sent(server, tmp_path) -> None:
    run(tmp_path / "run", configure(server.url))

    total = totals(tmp_path / "run")
    records = Reader.read(tmp_path / "run").records
    assert total.requests == server.count
    assert total.completion_tokens == 20 * server.count
    assert total.cost_usd == pytest.approx(sum(record.cost_usd for record in records))
    assert total.cost_usd > 0


@pytest.mark.heavy(
    quick="test_engines_give_one_history.py::test_one_worker_and_an_engine_of_another_order_give_the_same_history"
)
def test_the_order_of_replies_and_trainings_changes_nothing(server, tmp_path) -> None:
    config = configure(server.url)
    run(tmp_path / "one", config)
    server.latency_s = 0.01

    run(tmp_path / "two", config, trainer=no_training.Trainer(config.protocol, order=5))

    assert segments(tmp_path / "two") == segments(tmp_path / "one")


def test_a_replay_asks_nobody_and_gives_the_same_history(server, tmp_path, monkeypatch) -> None:
    config = configure(server.url)
    run(tmp_path / "first", config)
    sent = server.count
    monkeypatch.delenv("EVO_TEST_KEY")

    run(tmp_path / "again", config, replay=Reader.read(tmp_path / "first"))

    assert server.count == sent
    assert segments(tmp_path / "again") == segments(tmp_path / "first")
    total = totals(tmp_path / "again")
    assert (total.requests, total.replayed, total.cost_usd) == (0, sent, 0.0)


def test_a_replay_of_another_campaign_is_an_error_that_says_so(server, tmp_path) -> None:
    run(tmp_path / "first", configure(server.url))
    other = configure(server.url).model_copy(update={"seed": 4})

    with pytest.raises(EvoError, match="same configuration, seed and version"):
        run(tmp_path / "again", other, replay=Reader.read(tmp_path / "first"))


def test_lost_replies_are_not_silently_bought_again(server, tmp_path) -> None:
    config = configure(server.url, budget={"requests": 20})
    with suppress(BudgetReachedError):
        run(tmp_path / "run", config)
    (tmp_path / "run" / "replies").unlink()

    with pytest.raises(HistoryError, match="lacks replies"):
        run(tmp_path / "run", config)


def test_a_budget_ends_a_campaign_that_could_go_on(server, tmp_path) -> None:
    config = configure(server.url, budget={"requests": 15})

    with pytest.raises(BudgetReachedError, match="15 of 15"):
        run(tmp_path / "run", config)

    assert server.count == 15
    assert 0 < Reader.read(tmp_path / "run").generation < 4


def test_hours_count_over_resumes_and_end_a_campaign_that_is_whole(server, tmp_path) -> None:
    config = configure(server.url, budget={"hours": 1.0})
    no_training.create(tmp_path / "run", config).close()
    count = tmp_path / "run" / "hours"
    count.write_text('{"seconds": 3599.9}')

    with pytest.raises(BudgetReachedError, match="1 hours have passed"):
        run(tmp_path / "run", config, trainer=no_training.Trainer(config.protocol, pause_s=0.1))

    sent = server.count
    with pytest.raises(BudgetReachedError, match="1 hours have passed"):
        run(tmp_path / "run", config)
    assert server.count == sent
    count.unlink()  # more time
    run(tmp_path / "run", config)
    assert Reader.read(tmp_path / "run").generation == 4


@pytest.mark.heavy(quick="test_a_campaign_goes_on_after_a_fault")
def test_trees_go_on_alone_where_an_endpoint_is_dead(server, tmp_path) -> None:
    config = configure(server.url, attempts=1, patience=2, when_dead="tree")
    server.always = "status:500"

    run(tmp_path / "run", config)
    sent = server.count
    server.always = ""
    run(tmp_path / "again", config, replay=Reader.read(tmp_path / "run"))

    records = [r for r in Reader.read(tmp_path / "run").records if not r.is_baseline]
    assert len(records) == 40
    assert {r.candidate.operator for r in records} <= {*Config().operators, "ablate-tree"}
    assert server.count == sent < 40
    assert segments(tmp_path / "again") == segments(tmp_path / "run")


@pytest.mark.parametrize(
    "fault",
    [
        *("status:429,0.01", "garbage", "disconnect"),
        *heavy(("status:500",), ("half",), ("choices",), ("filter",), ("huge",)),
    ],
)
def test_a_campaign_goes_on_after_a_fault(server, tmp_path, fault) -> None:
    config = configure(server.url).model_copy(update={"generations": 1})
    server.faults = ["", fault, "", fault]

    run(tmp_path / "run", config)

    assert Reader.read(tmp_path / "run").generation == 1
    assert totals(tmp_path / "run").requests == server.count
    assert server.served[fault] == 2


def test_a_key_is_in_no_file_no_child_and_no_variable(server, tmp_path, monkeypatch) -> None:
    children: list[str] = []
    server.faults = ["echo", "status:400"]

    class Spying(no_training.Trainer):
        def __call__(self, jobs):
            children.append(os.environ.get("EVO_TEST_KEY", ""))
            return super().__call__(jobs)

    config = configure(server.url)
    run(tmp_path / "run", config, trainer=Spying(config.protocol))

    assert children
    assert not any(children)
    assert os.environ["EVO_TEST_KEY"] == KEY
    assert KEY not in everything(tmp_path / "run")
    assert "[key]" in everything(tmp_path / "run")


def everything(folder: Path) -> str:
    """All that a campaign wrote, unpacked."""
    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for path in (folder / "segments").glob("*.h5"):
        with h5py.File(path) as file:
            found += [file[name][()].tobytes() for name in file]  # type: ignore[index]
    for exchange in Replies.read(folder, campaign=Reader.read(folder).id):
        found.append(json.dumps(repr(exchange)).encode())
    return b"\n".join(found).decode("utf-8", "replace")


def test_the_better_operator_is_drawn_more_often(server, tmp_path) -> None:
    server.text_of = lambda _: "I would rather not."
    config = configure(server.url, repair=False)
    config = config.model_copy(update={"generations": 8})

    run(tmp_path / "run", config)

    records = [r for r in Reader.read(tmp_path / "run").records if not r.is_baseline]
    early = [r.candidate.model != "" for r in records if r.generation <= 2]
    late = [r.candidate.model != "" for r in records if r.generation > 5]
    assert 0 < sum(late) / len(late) < sum(early) / len(early)


def test_an_endpoint_that_refuses_is_found_before_anything_is_trained(server, tmp_path) -> None:
    server.always = "status:401"
    config = configure(server.url)
    with (
        no_training.create(tmp_path / "run", config) as history,
        pytest.raises(EndpointDeadError, match="HTTP 401"),
    ):
        process.run_campaign(history, lambda _: None)

    assert Reader.read(tmp_path / "run").generation == -1
    assert not list((tmp_path / "run" / "segments").glob("*"))
    assert totals(tmp_path / "run").requests == server.count == 2


def test_a_campaign_whose_replies_are_all_cut_says_so_and_fails(server, tmp_path) -> None:
    server.text_of = lambda body: "<think>hm"
    config = configure(server.url, repair=False)
    only = config.model_copy(update={"operators": {"generate-llm": 1.0}})
    run(tmp_path / "run", only)
    history = Reader.read(tmp_path / "run")

    facts = status_facts(history)

    assert "max_tokens" in facts["trouble"]
    assert lost_replies(history.records).are_all


def test_a_campaign_warns_at_half_and_at_four_fifths_of_its_budget(server, tmp_path) -> None:
    shares: list[float] = []
    no_training.create(
        tmp_path / "run", configure(server.url, budget={"requests": 32}, ahead=False)
    ).close()

    def watch(progress: Progress) -> None:
        shares.extend(event.share for event in progress.events if isinstance(event, BudgetWarning))

    with History.open(tmp_path / "run") as history, suppress(BudgetReachedError):
        no_training.run(history, watch)

    assert shares == [0.5, 0.8]
