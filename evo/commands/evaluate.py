"""`evo evaluate`."""

from typing import Annotated

import typer

from evo.api.sources import read_sources
from evo.commands.completion import complete_config
from evo.commands.console import err, print_facts, warn
from evo.commands.options import (
    Device,
    Files,
    JsonOption,
    KindName,
    SettingsOption,
    UnsafeSandbox,
    device_setting,
)
from evo.studies.catalogue import expect_names


def evaluate(
    files: Files,
    *,
    kind: KindName,
    config: Annotated[
        str,
        typer.Option(
            help="TOML file or preset with the tasks and the protocol.",
            autocompletion=complete_config,
        ),
    ] = "default",
    settings: SettingsOption = None,
    device: Device = None,
    unsafe_sandbox: UnsafeSandbox = False,
    as_json: JsonOption = False,
) -> None:
    """Train files at every rung and compare them with the kind's baselines."""
    sources = read_sources(files)
    from evo.campaign.config import load

    loaded = load(config, [*(settings or ()), *device_setting(device), f"kind={kind}"])
    expect_names(loaded)
    from evo.api.judging import evaluate_sources, evaluation_facts
    from evo.api.walls import expect_walls
    from evo.campaign import create
    from evo.report.views.evaluation import evaluation_table

    create.check_config(loaded)
    loaded = create.with_grids(loaded)
    expect_walls(unsafe=unsafe_sandbox, warn=warn)
    with err.status("training …"):
        results = evaluate_sources(sources, loaded, unsafe_sandbox=unsafe_sandbox)
    facts = evaluation_facts(results)
    print_facts(facts, evaluation_table(facts), as_json=as_json)
