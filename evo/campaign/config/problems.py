"""Explain what is wrong with a configuration, without repeating what may be secret."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from evo.campaign.config.campaign import Config


def problems(error: ValidationError, of: type[BaseModel] = Config) -> str:
    """All that is wrong with a configuration, in one line.

    Args:
        error: of its validation.
        of: the model that it was read as.
    """
    details = error.errors()
    # A list counts as too short where its entries are wrong.
    inner = {detail["loc"][:-1] for detail in details}
    return "; ".join(
        explained_problem(detail, of)
        for detail in details
        if detail["type"] != "too_short" or detail["loc"] not in inner
    )


def explained_problem(detail: Mapping[str, Any], of: type[BaseModel] = Config) -> str:
    """One error of pydantic as a user reads it: the key, what was expected, what came."""
    key = ".".join(str(part) for part in detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    if not detail["loc"]:  # of several settings together; their message has the values
        return message
    last = str(detail["loc"][-1])
    if _is_secret(last):
        return (
            f"{key}: expected the NAME of an environment variable that holds the key, as in "
            'key_env = "OPENAI_API_KEY"; the key itself never stands in a configuration'
        )
    if detail["type"] != "extra_forbidden":
        # What may hold a secret is not repeated: a model's settings, an address with a password.
        shown = "" if "llm" in detail["loc"] else f" (got {_listed(detail['input'])!r})"
        words = _EXPECTED.get(detail["type"], message)
        if bound := _BOUNDS.get(detail["type"]):
            (limit,) = detail["ctx"].values()
            words = bound.format(str(limit).removesuffix(".0"))
        if detail["type"] == "too_short":
            words = f"expected a list of {detail['ctx']['min_length']} or more"
        return f"{key}: {words}{shown}"
    known = _model_of(detail["loc"], of).model_fields
    near = get_close_matches(str(detail["loc"][-1]), known, n=1)
    hint = f"did you mean {near[0]!r}" if near else "`evo config` shows all keys"
    return f"unknown key {key}, {hint}"


def _listed(value: object) -> object:
    """A value as TOML knows it: a list and no tuple."""
    return list(cast(tuple[object, ...], value)) if isinstance(value, tuple) else value


_EXPECTED = {
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "dict_type": "expected a table, such as { key = value }",
    "mapping_type": "expected a table, such as { key = value }",
    "model_type": "expected a table, such as { key = value }",
    "model_attributes_type": "expected a table, such as { key = value }",
    "string_type": "expected a text in quotes",
}
"""Plain words for errors that pydantic words in terms of Python, by error type."""

_BOUNDS = {
    "greater_than": "expected more than {}",
    "greater_than_equal": "expected {} or more",
    "less_than": "expected less than {}",
    "less_than_equal": "expected {} or less",
}
"""Plain words for numbers outside their range, by error type."""


def _is_secret(key: str) -> bool:
    """True if a key's name suggests that its value is a secret."""
    return key == "key_env" or key.lower().replace("-", "_") in ("api_key", "apikey", "key")


def _model_of(location: Sequence[str | int], model: type[BaseModel]) -> type[BaseModel]:
    """The part of a configuration that contains a wrong key."""
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
