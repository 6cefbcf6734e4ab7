"""Search strategies of the benchmark: a name and the settings of a campaign.

Those that come with evo are the files of `evo/data/strategies`. A user's file holds a table
of settings per strategy, with keys as in a campaign's configuration, and may name strategies and
operators of plug-ins.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from evo.campaign.config import DEFAULT_STRATEGY, Config, load, search_strategies, strategy_settings
from evo.core.errors import UsageError

DottedSettings = Mapping[str, Any]
"""Settings by dotted key."""

COMMON: DottedSettings = {
    "device": "cpu",
    "population": 8,
    "offspring": 40,
    "trainings": 24,
    "novelty.text_model": "none",
}
"""Settings of every strategy, unless it sets them itself."""


def own_strategies() -> dict[str, DottedSettings]:
    """The strategies that come with evo, by name; the default one first."""
    names = sorted(search_strategies(), key=lambda name: name != DEFAULT_STRATEGY)
    return {name: _flat(strategy_settings(name)) for name in names}


def read_strategies(path: Path) -> dict[str, DottedSettings]:
    """The strategies of a TOML file, by name.

    Raises:
        UsageError: the file cannot be read, or holds anything but tables.
    """
    try:
        return _strategies(tomllib.loads(path.read_text()), where=str(path))
    except OSError as error:
        raise UsageError(f"Strategies {path}: cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"Strategies {path}: not valid TOML: {error}.") from None


def strategy_config(
    settings: DottedSettings, changes: DottedSettings, *, generations: int
) -> Config:
    """The configuration of a strategy, without its seed.

    Args:
        settings: the strategy's.
        changes: of all strategies; a strategy's own settings win over them.
        generations: length of the search.

    Raises:
        UsageError: a key or a value is wrong.
    """
    merged = {**COMMON, **changes, **settings, "generations": generations}
    return load("default", overrides=merged)


def _strategies(tables: Mapping[str, Any], *, where: str) -> dict[str, DottedSettings]:
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise UsageError(
                f"Strategies {where}: expected a table of settings per strategy, such as "
                f'[mine] and selection.parents = "rank" below it; got {name} = {table!r}.'
            )
    return {name: _flat(table) for name, table in tables.items()}


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys; the weights of operators stay one value, which replaces the default ones."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Mapping) and dotted != "operators":
            flat |= _flat(cast("Mapping[str, Any]", value), f"{dotted}.")
        else:
            flat[dotted] = value
    return flat
