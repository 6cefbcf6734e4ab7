"""Requests of a client to a test server, with small waits."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fault_server import KEY

from archive.history.replies import Replies
from evo.core.messages import Exchange, Prompt, Request
from evo.llm.online import OnlineClient
from evo.llm.providers.base import providers
from evo.llm.settings import LlmSettings


def request(seed: int, *, model: str = "m", text: str = "write") -> Request:
    return Request(model, "test-model", Prompt("be", text), seed, None, 100)


def settings(url: str, **changed: Any) -> LlmSettings:
    model = {"model": "test-model", "name": "m", "base_url": url, "timeout_s": 5.0}
    model |= {"price_in": 1.0, "price_out": 10.0} | changed.pop("model", {})
    values = {"models": [model], "wait_s": 0.01, **changed}
    return LlmSettings.model_validate(values)


def ask(folder: Path, found: LlmSettings, requests: list[Request]) -> list[Exchange]:
    replies = Replies.open(folder, campaign="c")
    made = {m.label: providers.get(m.provider)(m, KEY) for m in found.models}
    try:
        with OnlineClient(found, made, replies) as client:
            return client.ask(requests)
    finally:
        replies.close()


@contextmanager
def asking(found: LlmSettings, replies: Replies, count: int) -> Iterator[threading.Thread]:
    """A thread that asks `count` requests; they are interrupted at the end."""
    made = {m.label: providers.get(m.provider)(m, KEY) for m in found.models}
    with OnlineClient(found, made, replies) as client:

        def run() -> None:
            with suppress(CancelledError):
                client.ask([request(seed) for seed in range(1, count + 1)])

        thread = threading.Thread(target=run)
        thread.start()
        yield thread
    thread.join()
