"""`evo validate`."""

from typing import Annotated

import typer

from evo.api.sources import read_sources
from evo.commands.console import print_facts, warn
from evo.commands.options import Files, JsonOption, KindName, UnsafeSandbox
from evo.studies.catalogue import expect_kind


def validate(
    files: Files,
    *,
    kind: KindName,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 if a file is refused.")
    ] = False,
    unsafe_sandbox: UnsafeSandbox = False,
    as_json: JsonOption = False,
) -> None:
    """Check whether files pass the policy, the tracer and the contract of a kind."""
    sources = read_sources(files)
    expect_kind(kind)
    from evo.api.walls import expect_walls

    expect_walls(unsafe=unsafe_sandbox, warn=warn)
    from evo.api.judging import validate_sources, validation_facts
    from evo.report.views.tables import rows_table

    facts = validation_facts(validate_sources(sources, kind, unsafe_sandbox=unsafe_sandbox))
    print_facts(facts, rows_table(facts), as_json=as_json)
    if strict and any(row["status"] == "invalid" for row in facts):
        raise typer.Exit(1)
