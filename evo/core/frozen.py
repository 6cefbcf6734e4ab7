"""The base class of every configuration model."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of every configuration model: immutable, and an unknown key is an error.

    The docstring under a field is its description, which the settings page of the docs shows.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )
