"""One candidate."""

from typing import Annotated

import typer

from evo.commands.options import Json, RunName
from evo.console import print_facts, read_run


def show(
    run: RunName,
    id: Annotated[str, typer.Argument(metavar="ID", help="A candidate's id or its beginning.")],  # noqa: A002
    *,
    as_json: Json = False,
) -> None:
    """One candidate with all that is known of it."""
    history = read_run(run)
    from archive.confirmations import newest_of
    from evo.inspection import credits_of
    from evo.report.credits import credit_facts
    from evo.report.summary import find_record, record_facts
    from evo.report.tables import record_view

    record = find_record(history.records, id)
    confirmation = newest_of(history.folder, record.id)
    found = credits_of(history, [record])
    credits_ = credit_facts(found[record.id]) if record.id in found else None
    facts = record_facts(record, confirmation, credits_)
    print_facts(facts, record_view(facts), as_json=as_json)
