"""A campaign's configuration: a TOML file or a preset, plus settings from the command line.

Everything is checked here, before anything is spent; the result is frozen.
"""

import copy
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, cast, get_args

from pydantic import (
    BaseModel,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from archive.novelty.settings import NoveltySettings
from evo.core.contract import SEPARATOR
from evo.core.errors import UsageError, unknown_name
from evo.core.frozen import Frozen
from evo.evaluation.protocol import Protocol
from evo.llm.settings import LlmSettings
from evo.screening.settings import RewardSettings
from evo.selection.settings import SelectionSettings

DEFAULT_STRATEGY = "evolution"
"""The search strategy that a configuration has unless it says otherwise."""
SMALLEST_POPULATION = 4
"""Fewest survivors that leave selection a choice."""


class PortfolioSettings(Frozen):
    """Adaptive operator selection: how often each operator is drawn."""

    adaptive: bool = False
    """Multiply an operator's weight by the share of its recent proposals that survived. On by
    default when language models are configured."""
    floor: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of the draws that is spread evenly over all operators."""
    window: PositiveInt = 10
    """Number of the latest generations that count as recent."""


def _default_operators(values: Mapping[str, Any]) -> dict[str, float]:
    """The operators of a configuration that names none."""
    operators = {
        "mutate-tree": 1.5,
        "crossover-tree": 0.75,
        "blend-tree": 0.4,
        "tune-tree": 0.2,
        "simplify-tree": 0.15,
    }
    if SEPARATOR in str(values.get("kind", "")):
        operators |= {"exchange": 1.0}
    if _asks(values):
        operators |= {
            "incremental-llm": 2.0,
            "novel-llm": 2.0,
            "crossover-llm": 2.0,
            "generate-llm": 1.0,
        }
    return operators


class Config(Frozen):
    """A campaign: what is evolved, on which tasks, for how long."""

    kind: str = "activation"
    """Component kind to evolve; `A+B` evolves two kinds together."""
    tasks: Annotated[tuple[str, ...], Field(min_length=1)] = ("digits",)
    """Tasks that candidates train on; all weigh equally."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Random seed. The same seed gives the same campaign, record for record."""
    generations: PositiveInt = 20
    """Generations to run."""
    population: Annotated[int, Field(ge=SMALLEST_POPULATION)] = 16
    """Candidates that survive a generation."""
    offspring: PositiveInt = 48
    """Candidates proposed per generation."""
    trainings: PositiveInt = 32
    """Candidates trained per generation, at most."""
    operators: dict[str, NonNegativeFloat] = Field(default_factory=lambda: _default_operators({}))
    """Operators by name, each with the weight it is drawn with; 0 switches one off. The default
    follows from the kind and from whether language models are configured."""
    workers: Annotated[int, Field(ge=0)] = 0
    """Training processes, of one thread each; 0 means one per processor, or one per GPU."""
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda)$")
    """Device for training: `auto`, `cpu` or `cuda`. `auto` takes a GPU if torch sees one."""
    timeout_s: PositiveFloat = 600.0
    """Wall time limit for training one candidate at one rung, in seconds."""
    protocol: Protocol = Protocol()
    novelty: NoveltySettings = NoveltySettings()
    selection: SelectionSettings = SelectionSettings()
    portfolio: PortfolioSettings = PortfolioSettings()
    reward: RewardSettings = RewardSettings()
    llm: LlmSettings = LlmSettings()

    @model_validator(mode="before")
    @classmethod
    def _with_operators(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Operators follow the kind and the models; with language models, weights adapt."""
        values = {"operators": _default_operators(values), **values}
        portfolio: Any = values.get("portfolio", {})
        if _asks(values) and isinstance(portfolio, dict):
            return values | {"portfolio": {"adaptive": True, **cast(dict[str, Any], portfolio)}}
        return values

    def offspring_in(self, generation: int) -> int:
        """Number of candidates to propose for a generation."""
        if self.reward.screening and generation >= self.reward.first_generation:
            return round(self.offspring * self.reward.over_propose)
        return self.offspring

    @model_validator(mode="after")
    def _inhabited(self) -> "Config":
        """Check that each island has survivors to choose from, and more of them than guests."""
        places = self.selection.places(self.population)
        islands, fewest = len(places), min(places)
        if fewest < SMALLEST_POPULATION:
            raise ValueError(
                f"expected a population of {SMALLEST_POPULATION} or more on each island, got "
                f"{fewest}: population = {self.population}, selection.islands = {islands}"
            )
        if islands > 1 and self.selection.migrants >= fewest:
            raise ValueError(
                f"expected fewer selection.migrants than survivors on an island ({fewest}), "
                f"got {self.selection.migrants}"
            )
        return self

    @field_validator("kind")
    @classmethod
    def _in_order(cls, kind: str) -> str:
        """The one name of a combination, in whichever order its kinds are written."""
        return SEPARATOR.join(sorted(name.strip() for name in kind.split(SEPARATOR)))

    @field_validator("tasks")
    @classmethod
    def _different(cls, tasks: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(tasks)) < len(tasks):
            raise ValueError("expected each task once: repeated trials would narrow the intervals")
        return tasks


def _asks(values: Mapping[str, Any]) -> bool:
    llm = values.get("llm")
    if isinstance(llm, LlmSettings):
        return bool(llm.models)
    return isinstance(llm, Mapping) and bool(cast(Mapping[str, Any], llm).get("models"))


def load(
    source: str | Path | Mapping[str, Any] | Config,
    settings: Iterable[str] = (),
    *,
    strategy: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> Config:
    """The configuration of a preset, a TOML file, a mapping like one, or another configuration.

    Args:
        source: a preset's name, the path of a `.toml` file, a mapping, or a `Config`.
        settings: `key=value` with dotted keys and TOML values; they win over source and strategy.
        strategy: name of a search strategy, or the path of a TOML file of settings that make one;
            it wins over the source.
        overrides: values by dotted key; they win over the settings.
        seed: wins over all of them.

    Raises:
        UsageError: the file, a key or a value is wrong; the message names it.
    """
    if isinstance(source, str | Path):
        where, values = str(source), _read(str(source))
    elif isinstance(source, Config):
        where, values = "given", source.model_dump(exclude_unset=True)
    else:
        where, values = "given", copy.deepcopy(dict(source))
    if strategy is not None:
        values = _merged(values, strategy_settings(strategy))
    changes = [*map(_setting, settings), *(overrides or {}).items()]
    # Weights come last: which operators there are by default depends on kind and models.
    for key, value in sorted(changes, key=lambda change: change[0].startswith("operators.")):
        _set(values, key, value)
    if seed is not None:
        values["seed"] = seed
    return parse(values, where=where)


def parse(values: Mapping[str, Any], *, where: str) -> Config:
    """The configuration of plain values; `where` they come from begins the error message."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_explain(detail) for detail in error.errors())
        raise UsageError(f"Configuration {where}: {problems}.") from None


def presets() -> dict[str, str]:
    """The presets that come with evo: first comment line by name."""
    return _first_lines("evo.data.presets")


def strategies() -> dict[str, str]:
    """The search strategies that come with evo: first comment line by name."""
    return _first_lines("evo.data.strategies")


def strategy_settings(strategy: str) -> dict[str, Any]:
    """The settings of a search strategy by name, or of a TOML file.

    Raises:
        UsageError: there is no such strategy, or the file cannot be read.
    """
    return _read(strategy, package="evo.data.strategies", what="search strategy or TOML file")


def _first_lines(package: str) -> dict[str, str]:
    files = sorted(resources.files(package).iterdir(), key=lambda file: file.name)
    return {
        Path(file.name).stem: file.read_text().partition("\n")[0].lstrip("# ")
        for file in files
        if file.name.endswith(".toml")
    }


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings, those above in place of those below; operators are replaced as a whole."""
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        nested = isinstance(inner, dict) and isinstance(value, dict) and key != "operators"
        merged[key] = _merged(cast(dict[str, Any], inner), value) if nested else value
    return merged


def _read(
    source: str, *, package: str = "evo.data.presets", what: str = "preset or TOML file"
) -> dict[str, Any]:
    try:
        if source.endswith("config.json"):  # as a campaign's folder has it, resolved
            return json.loads(Path(source).read_text(encoding="utf-8-sig"))
        if source.endswith(".toml"):
            return tomllib.loads(Path(source).read_text(encoding="utf-8-sig"))
        if source not in (known := _first_lines(package)):
            raise unknown_name(what, source, known)
        return tomllib.loads((resources.files(package) / f"{source}.toml").read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"Configuration {source}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"Configuration {source}: expected UTF-8 text ({error}).") from None
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise UsageError(f"Configuration {source}: not valid TOML: {error}.") from None


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """The values of settings `key=value` by dotted key, the last one of a key.

    Raises:
        UsageError: one has no key or no value.
    """
    return dict(map(_setting, settings))


def _setting(text: str) -> tuple[str, Any]:
    """Key and value of a setting such as `protocol.keep=0.5`."""
    key, equals, written = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set expects key=value, such as protocol.keep=0.5; got {text!r}.")
    try:
        return key, tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return key, written  # a bare word is a string: --set kind=activation


def _set(values: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.strip().split(".")
    if path == ["operators"]:
        # One weight is set among the others, not instead of them.
        values.setdefault("operators", _default_operators(values))
    for part in path:
        inner: Any = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{key}: {part!r} is a value, not a table.")
        values = cast(dict[str, Any], inner)
    values[last] = value


def _explain(detail: Mapping[str, Any]) -> str:
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
