"""Prices of language models: those of the configuration, else those of a dated table.

A price that neither gives is unknown, and never zero. A new campaign keeps the prices it began with
in its configuration, so that a newer table does not change what its history says.
"""

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from evo.llm.providers.base import providers
from evo.llm.settings import LlmSettings, ModelSettings

_OPENAI = "https://api.openai.com/v1"
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$")


class PriceTable(NamedTuple):
    """Prices that come with evo.

    Attributes:
        date: the day by which they were published, as 2026-06-20.
        prices: dollars per million tokens of prompts and of replies, by host and by model.
    """

    date: str
    prices: Mapping[str, Mapping[str, tuple[float, float]]]

    def price_of(self, model: ModelSettings) -> tuple[float, float] | None:
        """The table's price of a model at its endpoint; None where it has none."""
        at_host = self.prices.get(urlsplit(model.base_url or _OPENAI).hostname or "", {})
        return at_host.get(model.model, at_host.get(_SNAPSHOT.sub("", model.model)))


def price_table() -> PriceTable:
    """The price table that comes with this version of evo."""
    content = tomllib.loads((resources.files("evo.data.prices") / "prices.toml").read_text("utf-8"))
    prices: dict[str, Any] = {
        host: {model: tuple(price) for model, price in models.items()}
        for host, models in content.items()
        if host != "date"
    }
    return PriceTable(str(content["date"]), prices)


def with_prices(settings: LlmSettings) -> LlmSettings:
    """The settings with prices of the table where a model names none.

    A model that runs on this machine costs nothing. What stays unknown stays unset.
    """
    table = price_table()
    models = tuple(_priced(model, table) for model in settings.models)
    return settings.model_copy(update={"models": models})


def of_the_table(settings: LlmSettings) -> list[str]:
    """Labels of the models whose price the table gives, wholly or in part."""
    table = price_table()
    return [
        model.label
        for model in settings.models
        if not model.is_priced and _priced(model, table).is_priced and not _is_free(model)
    ]


def unpriced(settings: LlmSettings) -> list[str]:
    """Labels of the models whose price is unknown."""
    return [model.label for model in with_prices(settings).models if not model.is_priced]


def _priced(model: ModelSettings, table: PriceTable) -> ModelSettings:
    known = (0.0, 0.0) if _is_free(model) else table.price_of(model)
    if model.is_priced or known is None or model.command:  # what a program asks is its own affair
        return model
    price_in = known[0] if model.price_in is None else model.price_in
    price_out = known[1] if model.price_out is None else model.price_out
    return model.model_copy(update={"price_in": price_in, "price_out": price_out})


def _is_free(model: ModelSettings) -> bool:
    return not model.base_url and providers.get(model.provider).model_is_file
