from io import StringIO
from typing import Any

from rich.console import Console

from evo.core.messages import Spent
from evo.report.views.status import status_view

FACTS: dict[str, Any] = {
    "generation": 2,
    "evaluated": 5,
    "llm": Spent()._asdict(),
}
NOBODY: dict[str, Any] = {"operators": {}, "models": {}}


def shown(facts: dict[str, Any]) -> str:
    text = StringIO()
    Console(file=text, width=80).print(status_view(facts, NOBODY))
    return text.getvalue()


def test_spending_is_shown_once_a_model_was_asked() -> None:
    asked = FACTS | {"llm": Spent(requests=3)._asdict()}

    assert "llm" not in shown(FACTS)
    assert "llm.requests" in shown(asked)


def test_before_the_first_seal_the_generation_is_words_and_no_number() -> None:
    text = shown(FACTS | {"generation": -1})

    assert "the baselines train first" in text
    assert "-1" not in text


def test_a_long_name_is_shown_whole() -> None:
    name = "a-campaign-" * 9

    text = shown(FACTS | {"name": name})

    assert name in "".join(text.split())
    assert "…" not in text
