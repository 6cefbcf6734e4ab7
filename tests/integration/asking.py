"""Ask an endpoint as a new campaign does: a first tiny request, then its own."""

from pathlib import Path
from typing import Any

import pytest

from archive.history.replies import Replies
from evo.core.messages import Exchange, Prompt, Request
from evo.llm.endpoint import EndpointDeadError
from evo.llm.online import OnlineClient
from evo.llm.providers.base import providers
from evo.llm.settings import LlmSettings


def ask(folder: Path, url: str, *, key: str = "", count: int = 2, **model: Any) -> list[Exchange]:
    """The exchanges of its requests."""
    values = {"model": "m", "base_url": url, "timeout_s": 5.0, "temperature": 0.7} | model
    settings = LlmSettings.model_validate({"models": [values], "wait_s": 0.01, "attempts": 2})
    clients = {one.label: providers.get(one.provider)(one, key) for one in settings.models}
    requests = [Request("m", "m", Prompt("be", "write"), i, 0.7, 100) for i in range(count)]
    replies = Replies.open(folder, campaign="c")
    try:
        with OnlineClient(settings, clients, replies) as client:
            client.greet()
            return client.ask(requests)
    finally:
        replies.close()


def reason(folder: Path, url: str, **how: Any) -> str:
    """Why the endpoint cannot be used, in the words of the error."""
    with pytest.raises(EndpointDeadError) as caught:
        ask(folder, url, **how)
    return str(caught.value).partition(" is unavailable: ")[2].partition(" Everything is saved")[0]
