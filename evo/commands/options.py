"""Arguments and options that several commands share, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

from evo.commands.completion import complete_kind, complete_run

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output.")
]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Campaign: a name under runs/, or a folder.",
        autocompletion=complete_run,
    ),
]
Replay = Annotated[
    str | None,
    typer.Option(
        metavar="RUN",
        help="Take all replies of language models from this campaign; ask none.",
        autocompletion=complete_run,
    ),
]
Files = Annotated[list[Path], typer.Argument(help="Python files, one component each.")]
KindName = Annotated[
    str,
    typer.Option(
        "--kind",
        help="Kind of component (see evo list); KIND+KIND for several.",
        autocompletion=complete_kind,
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key of the configuration; repeatable."
    ),
]
Device = Annotated[
    str | None, typer.Option(metavar="auto|cpu|cuda", help="Override the configured device.")
]
Plot = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Save pictures in this folder, as PNG and SVG."),
]
UnsafeSandbox = Annotated[
    bool,
    typer.Option(
        "--unsafe-sandbox",
        help="Run generated code even where the sandbox is incomplete; see evo doctor.",
    ),
]


def device_setting(device: str | None) -> list[str]:
    """The `--device` option as a setting."""
    return [] if device is None else [f"device={device}"]
