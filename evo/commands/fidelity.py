"""`evo fidelity`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evo.api.sources import read_sources
from evo.commands.console import err, print_facts, warn
from evo.commands.options import (
    Device,
    JsonOption,
    KindName,
    SettingsOption,
    UnsafeSandbox,
    device_setting,
)
from evo.core.errors import UsageError
from evo.studies.catalogue import expect_names

if TYPE_CHECKING:
    from evo.campaign.config import Config


def fidelity(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Panel, by default the kind's own; with --make, Python files."),
    ] = None,
    *,
    kind: KindName = "activation",
    config: Annotated[
        str | None,
        typer.Option(help="TOML file or preset; by default `default`, with --make `full`."),
    ] = None,
    settings: SettingsOption = None,
    device: Device = None,
    make: Annotated[
        Path | None,
        typer.Option(metavar="PANEL", help="Train the files in full and write a panel."),
    ] = None,
    unsafe_sandbox: UnsafeSandbox = False,
    as_json: JsonOption = False,
) -> None:
    """Measure how well the protocol's ranking agrees with full training: Kendall's τ on a panel."""
    from evo.campaign.config import load

    preset = config or ("full" if make else "default")
    loaded = load(preset, [*(settings or ()), *device_setting(device), f"kind={kind}"])
    expect_names(loaded)
    if make is None:
        _measure(files or [], loaded, unsafe_sandbox=unsafe_sandbox, as_json=as_json)
    else:
        _make(make, files or [], loaded, unsafe_sandbox=unsafe_sandbox, as_json=as_json)


def _measure(files: list[Path], config: "Config", *, unsafe_sandbox: bool, as_json: bool) -> None:
    """Evaluate a panel's functions as a campaign would, and compare the rankings."""
    if len(files) > 1:
        raise UsageError(f"Expected one panel, got {len(files)} files; --make takes many.")
    from evo.api.walls import expect_walls
    from evo.campaign import create
    from evo.report.views.fidelity import fidelity_table
    from evo.studies import fidelity
    from evo.studies import panel as panels

    panel = panels.read_panel(files[0] if files else None, config.kind)
    create.check_config(config)
    config = create.with_grids(config)
    expect_walls(unsafe=unsafe_sandbox, warn=warn)
    with err.status("training …"):
        agreement = fidelity.measure_fidelity(panel, config, unsafe_sandbox=unsafe_sandbox)
    facts = fidelity.fidelity_facts(agreement, panel, config)
    print_facts(facts, fidelity_table(facts), as_json=as_json)


def _make(
    path: Path, files: list[Path], config: "Config", *, unsafe_sandbox: bool, as_json: bool
) -> None:
    """Train functions in full and write a panel of the results."""
    sources = [(Path(name).stem, text) for name, text in read_sources(files)]
    from evo.api.walls import expect_walls
    from evo.campaign import create
    from evo.report.views.tables import facts_table
    from evo.studies import fidelity
    from evo.studies import panel as panels

    create.check_config(config)
    config = create.with_grids(config)
    expect_walls(unsafe=unsafe_sandbox, warn=warn)
    with err.status("training in full …"):
        made = fidelity.make_panel(sources, config, unsafe_sandbox=unsafe_sandbox)
    panels.write_panel(made, path)
    facts = {"panel": str(path), "functions": len(made.functions), "networks": made.networks}
    print_facts(facts, facts_table(facts), as_json=as_json)
