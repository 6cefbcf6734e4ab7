"""`evo config`."""

from typing import Annotated, Any

import typer

from evo.commands.completion import complete_config, complete_strategy
from evo.commands.console import print_json
from evo.commands.options import JsonOption, SettingsOption


def config(
    source: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG",
            help="TOML file or preset (see evo list).",
            autocompletion=complete_config,
        ),
    ] = "default",
    *,
    settings: SettingsOption = None,
    strategy: Annotated[
        str | None, typer.Option(help="Search strategy.", autocompletion=complete_strategy)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print every setting with its value and meaning, as a TOML file to begin with."""
    from evo.campaign.config import load
    from evo.campaign.config.reference import as_toml, sections

    loaded = load(source, settings or (), strategy=strategy)
    if not as_json:
        typer.echo(as_toml(loaded), nl=False)
        return
    reference: list[dict[str, Any]] = [
        {"table": section.table, "key": setting.key, "values": setting.values}
        | {"choices": list(setting.choices), "default": setting.default}
        | {"description": setting.description}
        for section in sections()
        for setting in section.settings
    ]
    print_json({"settings": reference, "values": loaded.model_dump(mode="json")})
