"""Files before the walls."""

from evo.commands.console import expect_walls, print_facts, read_sources
from evo.commands.options import Files, JsonOption, KindName, UnsafeSandbox


def validate(
    files: Files,
    *,
    kind: KindName,
    unsafe_sandbox: UnsafeSandbox = False,
    as_json: JsonOption = False,
) -> None:
    """Whether files pass the policy, the tracer and the contract of a kind."""
    sources = read_sources(files)
    expect_walls(unsafe=unsafe_sandbox)
    from evo.report.views.tables import rows_table
    from evo.studies.files import validate_sources

    facts = validate_sources(sources, kind, unsafe_sandbox=unsafe_sandbox)
    print_facts(facts, rows_table(facts), as_json=as_json)
