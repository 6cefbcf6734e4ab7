"""Arguments and options that several commands share, each described once."""

from pathlib import Path
from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A name under runs/, or a folder.")]
Files = Annotated[list[Path], typer.Argument(help="Python files, one component each.")]
KindName = Annotated[
    str,
    typer.Option(
        "--kind", help="What the files define (see evo list); KIND+KIND for several together."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Wins over the configuration; repeatable."),
]
Device = Annotated[
    str | None, typer.Option(metavar="auto|cpu|cuda", help="Wins over the configuration.")
]
UnsafeSandbox = Annotated[
    bool,
    typer.Option(
        "--unsafe-sandbox",
        help="Run generated code even where walls around it are absent; see evo doctor.",
    ),
]


def device_setting(device: str | None) -> list[str]:
    """The setting that a --device option is."""
    return [] if device is None else [f"device={device}"]
