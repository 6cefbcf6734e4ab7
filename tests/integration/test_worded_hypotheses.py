"""Hypotheses that models word in a campaign, and that its children test."""

from pathlib import Path
from typing import Any

import pytest
from llm_campaigns import configure, reply, run_whole_and_killed, segments, writing

from archive.history.reader import Reader
from evo.campaign.config import Config
from evo.core.records import Record
from evo.report.facts.status import status_facts

pytestmark = pytest.mark.enable_socket

WORDS = "a dip below zero near -1 helps"


def supposing(body: dict[str, Any]) -> str:
    asked = 'begins with "Hypothesis:"' in body["messages"][1]["content"]
    return f"Hypothesis: {WORDS}\n{reply(body)}" if asked else reply(body)


@pytest.fixture
def server(server, monkeypatch):
    server = writing(server, monkeypatch)
    server.text_of = supposing
    return server


def records(folder: Path) -> list[Record]:
    return [record for record in Reader.read(folder).records if record.candidate.hypothesis]


def test_a_hypothesis_is_tested_by_others_shown_and_part_of_an_exact_resume(
    server, tmp_path
) -> None:
    config = configure(server.url, ahead=False, repair=False)
    values = {
        **config.model_dump(mode="json"),
        "operators": {"incremental-llm": 1.0},
        "feedback": {"hypotheses": 0.5, "ablations": 0},
        "trainings": 10,
    }
    config = Config.model_validate(values)
    run_whole_and_killed(tmp_path, config, generation=3)

    assert segments(tmp_path / "cut") == segments(tmp_path / "whole")
    first, *followers = records(tmp_path / "whole")
    assert first.generation == 2
    assert {one.candidate.hypothesis for one in (first, *followers)} == {WORDS}
    assert [one.generation for one in followers].count(3) == 5
    prompts = [request["messages"][1]["content"] for request in server.bodies]
    tests = [prompt for prompt in prompts if f'as data: "{WORDS}"' in prompt]
    assert len(tests) >= 5
    (tested,) = status_facts(Reader.read(tmp_path / "whole"))["hypotheses"]
    assert tested["hypothesis"] == WORDS
    assert tested["pairs"] >= 6
