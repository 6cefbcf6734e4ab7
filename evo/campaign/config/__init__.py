"""A campaign's configuration: a TOML file or a preset, plus settings from the command line.

Everything is checked here, before anything is spent; the result is frozen.
"""

from evo.campaign.config.campaign import DEFAULT_STRATEGY, Config
from evo.campaign.config.read import (
    load,
    parse,
    presets,
    read_settings,
    search_strategies,
    strategy_settings,
)

__all__ = [
    "DEFAULT_STRATEGY",
    "Config",
    "load",
    "parse",
    "presets",
    "read_settings",
    "search_strategies",
    "strategy_settings",
]
