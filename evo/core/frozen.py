"""The base class of every configuration model."""

from collections.abc import Mapping
from typing import Any, cast, get_origin

from pydantic import BaseModel, ConfigDict, model_validator


class Frozen(BaseModel):
    """Base of every configuration model: immutable, and an unknown key is an error.

    The docstring under a field is its description, which the settings page of the docs shows. A
    single value where a list is expected is a list of one: `tasks = "wine"`.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _with_lists(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        given = cast(Mapping[str, Any], values)
        fields = cls.model_fields
        return {
            key: (value,)
            if key in fields
            and get_origin(fields[key].annotation) is tuple
            and not isinstance(value, list | tuple | None)
            else value
            for key, value in given.items()
        }
