"""Campaigns in which one model has the ideas and another writes and repairs them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import no_training
import pytest
from fault_server import FaultServer
from llm_campaigns import configure, reply, run, segments, writing

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.campaign.config import Config, load
from evo.campaign.progress import Progress
from evo.components.activation import Activation
from evo.core.errors import UsageError
from evo.core.messages import Prompt, Reply, Request
from evo.core.records import Status
from evo.llm.providers.dialect import Dialect
from evo.llm.settings import ModelSettings
from evo.report.facts.authorship import authorship_facts
from operators.llm.ideas import read_idea
from operators.llm.modules import UnreadableError

pytestmark = pytest.mark.enable_socket
IDEA = "Multiply x by a steep gate, 1 / (1 + exp(-1.7 x)), since it lets small numbers through."


def answer(body: dict[str, Any]) -> str:
    """Ideas in words where those are asked for, code everywhere else."""
    asked = body["messages"][1]["content"]
    if "Write no code" in asked:
        return f"<think>hm</think>{IDEA} ({body['seed']})" if body["seed"] % 5 else reply(body)
    return reply(body)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """One for all of these tests, whose campaigns are the same."""
    with FaultServer().running() as server, pytest.MonkeyPatch.context() as patch:
        writing(server, patch).text_of = answer
        yield server


@pytest.fixture(scope="module")
def whole(server: FaultServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a campaign that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    run(folder, tiers(server.url))
    return folder


def tiers(url: str, **changed: Any) -> Config:
    """The dear model has ideas, the cheap one writes them."""
    config = configure(url, **changed).model_dump(mode="json")
    for model in config["llm"]["models"]:
        model["role"] = {"dear": "idea", "cheap": "write"}[model["name"]]
    return Config.model_validate(config)


def proposals(folder: Path):
    return [r for r in Reader.read(folder).records if r.candidate.model]


def test_one_model_has_the_ideas_and_the_other_writes_and_repairs_them(whole, server) -> None:
    written = [r for r in proposals(whole) if r.candidate.idea_model]
    assert {(r.candidate.model, r.candidate.idea_model) for r in written} == {("cheap", "dear")}
    assert any(r.status is Status.EVALUATED for r in written)
    assert all(r.candidate.rationale.startswith("Multiply x by") for r in written if r.graphs)
    repaired = [r for r in proposals(whole) if r.candidate.operator == "repair-llm"]
    assert repaired
    assert {r.candidate.model for r in repaired} == {"cheap"}
    asked = {body["messages"][1]["content"] for body in server.bodies}
    assert any("Write exactly this component" in text and IDEA in text for text in asked)


def test_code_in_place_of_an_idea_is_taken_without_a_writer(whole) -> None:
    direct = [r for r in proposals(whole) if r.candidate.model == "dear"]
    assert any(r.status is Status.EVALUATED for r in direct)
    assert not any(r.candidate.idea_model for r in direct)


def test_each_model_is_charged_with_what_it_cost(whole) -> None:
    spent = Replies.read(whole, campaign=Reader.read(whole).id).spent
    facts = authorship_facts(Reader.read(whole).records)["models"]
    assert spent["dear"].cost_usd > 0
    assert facts["dear"]["cost_usd"] == pytest.approx(spent["dear"].cost_usd)
    assert facts["cheap"]["cost_usd"] == pytest.approx(spent["cheap"].cost_usd)


def test_a_campaign_with_tiers_that_is_interrupted_resumes_exactly(whole, server, tmp_path) -> None:
    def cut(progress: Progress) -> None:
        if (progress.generation, progress.step) == (2, "archive"):
            raise KeyboardInterrupt

    no_training.create(tmp_path / "cut", tiers(server.url)).close()
    with History.open(tmp_path / "cut") as history, pytest.raises(KeyboardInterrupt):
        no_training.run(history, cut)
    run(tmp_path / "cut", tiers(server.url))

    assert segments(tmp_path / "cut") == segments(whole)


@pytest.mark.parametrize("role", ["idea", "write"])
def test_a_tier_alone_is_a_wrong_configuration(role: str) -> None:
    with pytest.raises(UsageError, match="beside one of the role"):
        load("default", [f'llm.models=[{{model="m", role="{role}"}}]'])


@pytest.mark.parametrize("structured", [None, True, False])
def test_a_schema_is_asked_for_at_openais_own_endpoint_unless_it_is_set(structured) -> None:
    model = ModelSettings(model="m", structured=structured)

    own, other = (Dialect.of(model, base_url=url).schema for url in ("", "http://127.0.0.1:1/v1"))

    assert (own, other) == {None: (True, False), True: (True, True), False: (False, False)}[
        structured
    ]


def test_a_seed_is_sent_unless_it_is_switched_off() -> None:
    one = Request("m", "m", Prompt("", "Write."), 7, None, 100)

    def fields(**settings: bool) -> dict[str, Any]:
        model = ModelSettings.model_validate({"model": "m", **settings})
        return Dialect.of(model, base_url="").fields(one, {}, {})

    assert fields()["seed"] == 7
    assert "seed" not in fields(send_seed=False)


def test_who_has_ideas_is_asked_for_no_schema() -> None:
    asked = [
        Dialect.of(ModelSettings(model="m", role=role, structured=True), base_url="").schema
        for role in ("any", "idea", "write")
    ]

    assert asked == [True, False, True]


@pytest.mark.parametrize("text", ["", "<think>still", "No.", "<think>a long thought</think>"])
def test_a_reply_without_an_idea_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="expected an idea in words"):
        read_idea(Reply(text, "stop", "m", 1, 1), Activation.contract)
