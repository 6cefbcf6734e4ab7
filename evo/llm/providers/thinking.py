"""Fields by which a request asks a reasoning model to think: effort, and a budget of tokens."""

import re
from typing import Any
from urllib.parse import urlsplit

from evo.llm.settings import ModelSettings

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Levels that endpoints know, the least first; each knows some of them."""
_WORD = re.compile(r"[a-z]+")
_OF_BUDGET = re.compile(r"\b(?:thinking|reasoning|thinking_budget|budget_tokens|thinking_config)\b")


def budget_fields(model: ModelSettings) -> dict[str, Any]:
    """The fields that limit a model's thoughts at its endpoint; empty where none are known."""
    tokens = model.thinking_tokens
    host = urlsplit(model.base_url).hostname or ""
    if tokens is None:
        return {}
    if host.endswith("openrouter.ai"):
        return {"reasoning": {"max_tokens": tokens}}
    if host.endswith("anthropic.com"):
        return {"thinking": {"type": "enabled", "budget_tokens": tokens}}
    if host.endswith("googleapis.com"):
        return {"extra_body": {"google": {"thinking_config": {"thinking_budget": tokens}}}}
    if host.endswith("aliyuncs.com"):
        return {"enable_thinking": tokens > 0, "thinking_budget": tokens}
    return {}


def other_effort(effort: str, refusal: str, parameter: str) -> str | None:
    """The effort to ask for after a refusal; None where the refusal is not about it.

    Args:
        effort: what was asked for.
        refusal: what the endpoint said, in lower case.
        parameter: the field that it names, in lower case.

    Returns:
        The nearest level that the endpoint names, or empty where it names none.

    >>> other_effort("minimal", "unsupported value: 'minimal'. use 'low', 'medium' or 'high'.", "")
    'low'
    """
    named = [level for level in EFFORTS if level in _WORD.findall(refusal) and level != effort]
    is_about = "effort" in refusal or parameter.endswith("effort")
    if not is_about and (len(named) < 2 or f"{effort}" not in _WORD.findall(refusal)):
        return None
    if len(named) < 2 and not re.search(r"support\w* values?|valid|must be|use|only", refusal):
        return ""
    place = EFFORTS.index(effort) if effort in EFFORTS else EFFORTS.index("medium")
    return min(named, key=lambda level: abs(EFFORTS.index(level) - place), default="")


def is_about_budget(refusal: str, parameter: str) -> bool:
    """True if a refusal is about a budget of thoughts."""
    return bool(_OF_BUDGET.search(f"{parameter} {refusal}"))
