"""The time of a reply: measured of a model on this machine, of no other."""

from typing import ClassVar

import pytest

from evo.campaign.config import load
from evo.components.kinds import kinds
from evo.core.errors import EvoError
from evo.core.messages import Reply, Request
from evo.llm.providers.base import Provider, ProviderError
from evo.llm.settings import ModelSettings
from evo.studies.replies import ReplyTime, reply_time
from evo.validation.baselines import own_baselines

CONFIG = load(
    {
        "operators": {"novel-llm": 1.0, "incremental-llm": 1.0},
        "llm": {"models": [{"model": "some.gguf", "grammar": True, "max_tokens": 77}]},
    }
)


class Local(Provider):
    """Answers at once, and notes what it was asked."""

    model_is_file: ClassVar[bool] = True
    asked: ClassVar[list[Request]] = []

    def __init__(self, model: ModelSettings, key: str) -> None:
        del model, key

    async def complete(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply("", "stop", "some", 0, 0)


class Hosted(Local):
    model_is_file: ClassVar[bool] = False


class Broken(Local):
    async def complete(self, request: Request) -> Reply:
        raise ProviderError("no memory")


@pytest.fixture(scope="module")
def baselines():
    return own_baselines(kinds.get("activation")())


def test_a_local_model_answers_the_prompt_of_every_operator(baselines) -> None:
    Local.asked.clear()

    took = reply_time(CONFIG, baselines, provider_of=lambda _: Local)

    assert 0 < took.wall_s < 60
    first, *measured = Local.asked
    assert first == measured[0]
    assert len({request.prompt for request in measured}) == len(measured) == 2
    assert all("relu" in "".join(request.prompt) for request in measured)
    assert all(request.grammar and request.max_tokens == 77 for request in measured)


def test_a_hosted_model_is_not_asked(baselines) -> None:
    Local.asked.clear()

    assert reply_time(CONFIG, baselines, provider_of=lambda _: Hosted) == ReplyTime()
    assert Local.asked == []


def test_a_model_that_does_not_answer_is_named(baselines) -> None:
    with pytest.raises(EvoError, match=r"some\.gguf could not be asked: no memory"):
        reply_time(CONFIG, baselines, provider_of=lambda _: Broken)
