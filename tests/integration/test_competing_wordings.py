"""Wordings of tasks that compete in a campaign, one proposed by a model among them."""

from pathlib import Path
from typing import Any

import pytest
from llm_campaigns import configure, reply, run, run_whole_and_killed, segments, writing

from archive.history.reader import Reader
from evo.campaign.config import Config
from evo.core.records import Record
from evo.proposing.wordings import wording_id

pytestmark = pytest.mark.enable_socket

TASK = "Write the component that nobody above would dare to try, and say why."


def wording(body: dict[str, Any]) -> str:
    asked = "begins with ```task" in body["messages"][1]["content"]
    return f"```task\n{TASK}\n```\n{reply(body)}" if asked else reply(body)


@pytest.fixture
def server(server, monkeypatch):
    server = writing(server, monkeypatch)
    server.text_of = wording
    return server


def records(folder: Path) -> list[Record]:
    return [record for record in Reader.read(folder).records if record.candidate.model]


def test_a_models_wording_is_proposed_used_and_part_of_an_exact_resume(server, tmp_path) -> None:
    asked = {"compete": True, "propose_every": 1}
    config = configure(server.url, ahead=False, wordings=asked, repair=False)
    values = {**config.model_dump(mode="json"), "operators": {"novel-llm": 1.0}}
    config = Config.model_validate(values)
    run_whole_and_killed(tmp_path, config, generation=2)

    assert segments(tmp_path / "cut") == segments(tmp_path / "whole")
    made = records(tmp_path / "whole")
    assert {one.candidate.new_wording for one in made} == {"", TASK}
    proposed = [one for one in made if one.candidate.new_wording]
    assert [one.generation for one in proposed] == [2, 3, 4]
    assert all(one.candidate.wording == wording_id(TASK) for one in proposed)
    used = [one for one in made if one.candidate.wording == wording_id(TASK)]
    assert len(used) > len(proposed)
    prompts = [request["messages"][1]["content"] for request in server.bodies]
    assert any(f"## Your task\n\n{TASK}\n" in prompt for prompt in prompts)


def test_wordings_do_not_compete_unless_asked_to(server, tmp_path) -> None:
    run(tmp_path / "run", configure(server.url, ahead=False, repair=False))

    assert {one.candidate.wording for one in records(tmp_path / "run")} == {""}
