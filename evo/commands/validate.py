"""Files before the walls."""

from evo.commands.options import Files, Json, KindName
from evo.console import print_facts, read_sources


def validate(files: Files, *, kind: KindName, as_json: Json = False) -> None:
    """Whether files pass the policy, the tracer and the contract of a kind."""
    sources = read_sources(files)
    from evo.inspection import validate_sources
    from evo.report.tables import rows_table

    facts = validate_sources(sources, kind)
    print_facts(facts, rows_table(facts), as_json=as_json)
