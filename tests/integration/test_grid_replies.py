"""Replies of language models in a study: cells of one seed share them, repeats do not."""

import pytest
from grid_studies import Engine, run
from llm_campaigns import totals, writing

from archive.history.reader import Reader
from archive.history.replies import Replies

pytestmark = pytest.mark.enable_socket

ASKING = """
base = "smoke"
hypotheses = 8
seeds = [0, 1]
[settings]
device = "cpu"
protocol.leaders = 0
novelty.text_model = "none"
operators = { novel-llm = 1.0 }
selection = { survival = "baselines", parents = "uniform" }
feedback = { tried = false, notes = false, ablations = 0.0, plateau = 0 }
llm = { models = [{ model = "test-model", base_url = "URL", key_env = "EVO_TEST_KEY" }] }
[axes.share.few]
trainings = 3
[axes.share.many]
trainings = 4
"""


def keys(folder) -> set[str]:
    replies = Replies.read(folder, campaign=Reader.read(folder).id)
    return {exchange.request.key for exchange in replies}


def test_a_question_of_two_cells_is_asked_once_and_repeats_ask_for_themselves(
    server, monkeypatch, tmp_path
) -> None:
    writing(server, monkeypatch)
    folder = tmp_path / "asking"

    assert run(folder, ASKING.replace("URL", server.url), Engine()) == []

    first, second, again = (totals(folder / name) for name in ("few-0", "many-0", "few-1"))
    assert first.requests >= 8
    assert (second.requests, second.replayed) == (0, first.requests)
    assert again.requests >= 8
    assert again.replayed == 0
    assert server.count == first.requests + again.requests
    assert keys(folder / "few-0") == keys(folder / "many-0")
    assert not keys(folder / "few-0") & keys(folder / "few-1")
