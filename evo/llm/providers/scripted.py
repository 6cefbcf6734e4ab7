"""Replies from a file: for tests, for benchmarks, and for a look at a campaign without a model.

The file is JSON: a list of texts. A request gets the text that its seed falls on, so the order in
which requests come changes nothing.
"""

import asyncio
import json
from pathlib import Path
from typing import ClassVar

from evo.core.errors import UsageError
from evo.core.messages import Reply, Request
from evo.llm.providers.base import Provider, providers
from evo.llm.settings import ModelSettings


@providers.register("scripted")
class Scripted(Provider):
    """Texts of a JSON file, drawn by the request's seed, each after `extra.latency_s` seconds."""

    name: ClassVar[str] = "scripted"
    model_is_file: ClassVar[bool] = True

    def __init__(self, model: ModelSettings, key: str) -> None:
        del key
        self._model = model
        self._texts: list[str] = []

    @classmethod
    def check(cls, model: ModelSettings) -> None:
        """Check that the file exists and holds texts."""
        _texts(model)

    async def complete(self, request: Request) -> Reply:
        """The text that the seed selects."""
        self._texts = self._texts or _texts(self._model)
        await asyncio.sleep(_latency_s(self._model))
        text = self._texts[request.seed % len(self._texts)]
        prompt = sum(map(len, request.prompt)) // 4
        return Reply(text, "stop", self._model.label, prompt, len(text) // 4)


def _texts(model: ModelSettings) -> list[str]:
    try:
        content = json.loads(Path(model.model).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"llm.models: expected a JSON file of replies, got {model.model!r} ({error})."
        ) from None
    texts = [text for text in content if isinstance(text, str)] if isinstance(content, list) else []
    if not texts:
        raise UsageError(f"llm.models: expected a JSON list of texts in {model.model!r}.")
    return texts


def _latency_s(model: ModelSettings) -> float:
    value = model.extra.get("latency_s", 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
