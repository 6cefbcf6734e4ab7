"""Files before the walls."""

from evo.commands.options import Files, Json, KindName, UnsafeSandbox
from evo.console import expect_walls, print_facts, read_sources


def validate(
    files: Files,
    *,
    kind: KindName,
    unsafe_sandbox: UnsafeSandbox = False,
    as_json: Json = False,
) -> None:
    """Whether files pass the policy, the tracer and the contract of a kind."""
    sources = read_sources(files)
    expect_walls(unsafe=unsafe_sandbox)
    from evo.inspection import validate_sources
    from evo.report.tables import rows_table

    facts = validate_sources(sources, kind, unsafe_sandbox=unsafe_sandbox)
    print_facts(facts, rows_table(facts), as_json=as_json)
