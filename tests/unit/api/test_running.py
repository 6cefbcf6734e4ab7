"""Events and callbacks of a campaign that Python code runs; nothing trains here."""

import threading

import no_training
import pytest

import evo
from archive.history.history import History
from archive.history.stop_reason import read_stop_reason
from evo.api.listener import Listener
from evo.api.working import work
from evo.core.errors import BudgetReachedError
from evo.core.performance import performance
from evo.core.records import Status

SETTINGS = ["generations=3", "population=8", "offspring=12", "trainings=8", "seed=5"]


def engine(history, watch, *, unsafe_sandbox, replay):
    no_training.run(history, watch, replay=replay)


def nothing(_):
    pass


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "small"
    no_training.create(path, no_training.configure(SETTINGS)).close()
    return path


def carry_on(folder, **callbacks):
    with History.open(folder) as history:
        return work(history, Listener(**callbacks), nothing, engine=engine)


def test_events_tell_of_every_evaluated_candidate_and_every_generation(folder):
    events, generations = [], []

    last = carry_on(folder, on_event=events.append, on_generation=generations.append)

    campaign = evo.open(folder)
    evaluated = [e.record.id for e in events if isinstance(e, evo.CandidateEvaluated)]
    assert evaluated == [
        r.id for r in campaign.records if r.is_proposal and r.status is Status.EVALUATED
    ]
    assert generations == [e for e in events if isinstance(e, evo.GenerationSealed)]
    assert [(e.generation, e.generations) for e in generations] == [(1, 3), (2, 3), (3, 3)]
    sealed = [r.id for e in generations for r in e.records]
    assert sealed == [r.id for r in campaign.records if not r.is_baseline]
    assert performance(generations[-1].best) == performance(campaign.best()[0])
    assert events[-1] == last == evo.Stopped(3, evo.StopCause.FINISHED, "")


def test_a_generation_is_on_disk_when_it_is_announced(folder):
    seen = []

    carry_on(folder, on_generation=lambda event: seen.append(evo.open(folder).generation))

    assert seen == [1, 2, 3]


def test_an_exception_in_a_callback_ends_the_campaign_with_all_saved(folder, tmp_path):
    calls = []

    def fail(event):
        calls.append(event.generation)
        if event.generation == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_on(folder, on_generation=fail)

    assert calls == [1, 2]
    assert evo.open(folder).generation == 2
    assert read_stop_reason(folder) == "failed: ZeroDivisionError"
    carry_on(folder)
    whole = tmp_path / "whole"
    no_training.create(whole, no_training.configure(SETTINGS)).close()
    carry_on(whole)
    assert list(evo.open(folder).records) == list(evo.open(whole).records)


def test_after_a_callback_has_raised_none_is_called_any_more(folder):
    events = []

    def fail(event):
        events.append(event)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_on(folder, on_event=fail)

    assert len(events) == 1


def test_a_used_up_budget_is_an_event_and_no_error(folder):
    def poor(history, watch, *, unsafe_sandbox, replay):
        raise BudgetReachedError("Reached llm.budget.requests = 4.")

    events = []
    with History.open(folder) as history:
        last = work(history, Listener(events.append), nothing, engine=poor)

    message = "Reached llm.budget.requests = 4."
    assert events == [
        evo.BudgetReached(-1, message),
        evo.Stopped(-1, evo.StopCause.BUDGET, message),
    ]
    assert last.cause is evo.StopCause.BUDGET


@pytest.mark.parametrize(
    ("error", "cause"),
    [(KeyboardInterrupt(), "interrupted"), (evo.EvoError("no disk"), "failed")],
)
def test_interruptions_and_failures_are_events_and_are_raised(folder, error, cause):
    def broken(history, watch, *, unsafe_sandbox, replay):
        raise error

    events = []
    with History.open(folder) as history, pytest.raises(type(error)):
        work(history, Listener(events.append), nothing, engine=broken)

    assert [event.cause for event in events] == [cause]


def test_a_campaign_runs_in_a_thread_that_is_not_the_main_one(folder):
    results = []
    thread = threading.Thread(target=lambda: results.append(carry_on(folder)))

    thread.start()
    thread.join()

    assert results == [evo.Stopped(3, evo.StopCause.FINISHED, "")]


@pytest.mark.parametrize(
    ("config", "overrides", "message"),
    [
        ("smok", None, "Did you mean 'smoke'"),
        ({"generatoins": 3}, None, "unknown key generatoins, did you mean 'generations'"),
        ("smoke", {"protocol.keep": 2}, r"protocol\.keep"),
        ({"kind": "activaton"}, None, "Did you mean 'activation'"),
    ],
)
def test_a_wrong_configuration_is_an_error_before_anything_is_made(
    tmp_path, monkeypatch, config, overrides, message
):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(evo.UsageError, match=message):
        evo.run(config, overrides=overrides)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("parent", [None, "mine"])
def test_a_name_that_is_taken_says_how_python_resumes(tmp_path, monkeypatch, parent):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / (parent or "runs") / "first"
    no_training.create(place, no_training.configure(SETTINGS)).close()
    run = "mine/first" if parent else "first"

    with pytest.raises(evo.UsageError, match=rf'Resume it with `evo\.resume\("{run}"\)`, or'):
        evo.run("smoke", name="first", folder=parent)

    assert evo.open(place).generation == -1


def test_a_finished_campaign_is_returned_as_it_is(folder):
    carry_on(folder)
    events = []

    campaign = evo.resume(folder, on_event=events.append)

    assert (campaign.folder, campaign.state) == (folder, evo.CampaignState.FINISHED)
    assert events == [evo.Stopped(3, evo.StopCause.FINISHED, "")]


def test_sources_are_validated_alone_and_together():
    good = "import torch\n\n\ndef activation(x):\n    return x * torch.sigmoid(2 * x)\n"
    bad = "import os\n\n\ndef activation(x):\n    return x\n"

    valid, refused = evo.validate([good, bad], kind="activation")

    assert (valid.path, valid.is_valid, valid.reason) == ("", True, "")
    assert valid.graph_nodes > 0
    assert not refused.is_valid
    assert "os" in refused.reason
    with pytest.raises(AttributeError):
        refused.reason = "frozen"
