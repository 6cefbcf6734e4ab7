"""Read a configuration: a preset or a TOML file, a strategy, and settings of the command line."""

import copy
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from evo.campaign.config.campaign import Config, default_operators
from evo.campaign.config.problems import problems
from evo.core.errors import UsageError, unknown_name
from evo.core.user_files import SUFFIX


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
        where, values = str(source), _with_task_files(_read(str(source)), Path(source).parent)
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


def layered(
    source: str | Path, layers: Iterable[Mapping[str, Any]], *, seed: int, where: str
) -> Config:
    """The configuration of a preset or a TOML file with settings laid over it, one after another.

    Args:
        source: a preset's name or the path of a `.toml` file.
        layers: nested settings; `strategy` in one names a search strategy, or a TOML file of
            settings that make one, which the layer's other settings win over.
        seed: wins over all of them.
        where: they come from; begins the error message.

    Raises:
        UsageError: the file, a key or a value is wrong; the message names it.
    """
    values = _with_task_files(_read(str(source)), Path(source).parent)
    for layer in layers:
        rest = dict(layer)
        if (strategy := rest.pop("strategy", None)) is not None:
            values = _merged(values, strategy_settings(str(strategy)))
        values = _merged(values, rest)
    return parse({**values, "seed": seed}, where=where)


def parse(values: Mapping[str, Any], *, where: str) -> Config:
    """The configuration of plain values; `where` they come from begins the error message."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"Configuration {where}: {problems(error)}.") from None


def presets() -> dict[str, str]:
    """The presets that come with evo: first comment line by name."""
    return _first_lines("evo.data.presets")


def search_strategies() -> dict[str, str]:
    """The search strategies that come with evo: first comment line by name."""
    return _first_lines("evo.data.strategies")


def strategy_settings(strategy: str) -> dict[str, Any]:
    """The settings of a search strategy by name, or of a TOML file.

    Raises:
        UsageError: there is no such strategy, or the file cannot be read.
    """
    return _read(strategy, package="evo.data.strategies", what="search strategy or TOML file")


def _with_task_files(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Files of tasks in a configuration's folder, by their paths from here."""
    names: Any = values.get("tasks", ())
    if not isinstance(names, list | tuple):
        return values
    paths = [
        str(folder / name)
        if isinstance(name, str) and name.endswith(SUFFIX) and (folder / name).is_file()
        else name
        for name in cast(Sequence[Any], names)
    ]
    return {**values, "tasks": paths} if names else values


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
        values.setdefault("operators", default_operators(values))
    for part in path:
        inner: Any = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{key}: {part!r} is a value, not a table.")
        values = cast(dict[str, Any], inner)
    values[last] = value
