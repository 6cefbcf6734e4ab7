"""`evo try`."""

from typing import Annotated

import typer

from evo.commands.completion import complete_config
from evo.commands.console import err, print_facts
from evo.commands.options import Device, JsonOption, KindName, SettingsOption, device_setting
from evo.studies.catalogue import expect_names


def try_(
    tasks: Annotated[
        list[str], typer.Argument(metavar="TASK...", help="Tasks to try: names or Python files.")
    ],
    *,
    kind: KindName = "activation",
    config: Annotated[
        str,
        typer.Option(help="TOML file or preset with the protocol.", autocompletion=complete_config),
    ] = "default",
    settings: SettingsOption = None,
    baselines: Annotated[int, typer.Option(min=2, help="Baselines to train.")] = 5,
    hours: Annotated[float, typer.Option(min=0.01, help="Time of the campaign to propose.")] = 1.0,
    device: Device = None,
    as_json: JsonOption = False,
) -> None:
    """Train a few baselines on a task: cost, memory, noise, and a protocol for a given time."""
    from evo.campaign.config import load

    named = [*(settings or ()), *device_setting(device), f"kind={kind}"]
    loaded = load(config, named, overrides={"tasks": tuple(tasks)})
    expect_names(loaded)
    from evo.campaign import create
    from evo.report.views.pilot import pilot_view
    from evo.studies.pilot import pilot_facts, run_pilot

    create.check_config(loaded)
    with err.status("training …"):
        pilot = run_pilot(create.with_grids(loaded), baselines=baselines, watch=_say)
    facts = pilot_facts(pilot, hours=hours)
    print_facts(facts, pilot_view(facts), as_json=as_json)


def _say(words: str) -> None:
    err.print(words, soft_wrap=True, markup=False, highlight=False)
