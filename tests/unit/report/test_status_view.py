from io import StringIO
from typing import Any

from rich.console import Console

from evo.core.messages import Spent
from evo.report.views.status import status_view

FACTS: dict[str, Any] = {
    "generation": 2,
    "generations": 20,
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


def test_what_is_not_used_has_no_row() -> None:
    asked = {"llm": Spent(requests=3)._asdict(), "reward": None, "climb": {"warning": None}}

    text = shown(FACTS | asked)

    assert "llm.requests" in text
    for name in ("replayed", "given_up", "cost_usd", "reward", "warning"):
        assert name not in text


def test_an_unknown_cost_is_said_to_be_unknown() -> None:
    spent = Spent(requests=3, unpriced=3)._asdict() | {"cost_usd": None}

    assert "unknown" in shown(FACTS | {"llm": spent})


def test_a_running_campaign_says_where_it_is_who_runs_it_and_how_long() -> None:
    progress = {"generation": 3, "generations": 20, "step": "evaluate", "trained": 0.456}
    progress |= {"seconds_left": 725.0, "process": 4711, "host": "node"}

    text = shown(FACTS | {"elapsed_hours": 1.5, "progress": progress})

    assert "generation 3 of 20: evaluate, 46% trained, about 12:05 left" in text
    assert "4711 on node" in text
    assert "1:30:00" in text


def test_notes_and_tested_hypotheses_are_shown_with_effect_and_count() -> None:
    note = {"change": "adds sin", "effect": [0.02, 0.01, 0.03], "pairs": 7, "others": -0.11}
    tested = {**note, "hypothesis": "a dip helps", "is_shown": True}

    text = " ".join(shown(FACTS | {"notes": [note], "hypotheses": [tested]}).split())

    assert "what helps and hurts" in text
    assert "adds sin: +0.02 [+0.01, +0.03] in 7" in text
    assert "a dip helps: +0.02 [+0.01, +0.03] in 7" in text
    assert "what helps and hurts" not in shown(FACTS)
