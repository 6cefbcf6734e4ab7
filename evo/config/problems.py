"""Explain what is wrong with a configuration, without repeating what may be secret."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from evo.config.campaign import Config


def explain(detail: Mapping[str, Any]) -> str:
    """One error of pydantic as a user reads it: the key, what was expected, what came."""
    key = ".".join(str(part) for part in detail["loc"])
    if not detail["loc"]:  # of several settings together; their message has the values
        return detail["msg"].removeprefix("Value error, ")
    last = str(detail["loc"][-1])
    if _is_secret(last):
        return (
            f"{key}: expected the NAME of an environment variable that holds the key, as in "
            'key_env = "OPENAI_API_KEY"; the key itself never stands in a configuration'
        )
    if detail["type"] != "extra_forbidden":
        # What may hold a secret is not repeated: a model's settings, an address with a password.
        shown = "" if "llm" in detail["loc"] else f" (got {detail['input']!r})"
        return f"{key}: {detail['msg']}{shown}"
    known = _model_of(detail["loc"]).model_fields
    near = get_close_matches(str(detail["loc"][-1]), known, n=1)
    return f"unknown key {key}" + (f", did you mean {near[0]!r}" if near else "")


def _is_secret(key: str) -> bool:
    """True if a key's name suggests that its value is a secret."""
    return key == "key_env" or key.lower().replace("-", "_") in ("api_key", "apikey", "key")


def _model_of(location: Sequence[str | int]) -> type[BaseModel]:
    """The part of the configuration that contains a wrong key."""
    model: type[BaseModel] = Config
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        model = next(_models_in(field.annotation), model) if field else model
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The settings within the type of a field, such as those of each element of a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
