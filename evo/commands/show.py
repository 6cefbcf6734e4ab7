"""One candidate."""

from typing import Annotated

import typer

from evo.commands.console import print_facts, read_run
from evo.commands.options import JsonOption, RunName


def show(
    run: RunName,
    id: Annotated[str, typer.Argument(metavar="ID", help="A candidate's id or its beginning.")],  # noqa: A002
    *,
    as_json: JsonOption = False,
) -> None:
    """One candidate with all that is known of it."""
    history = read_run(run)
    from archive.history.confirmations import newest_of
    from evo.report.facts.credits import credit_facts, credits_of
    from evo.report.facts.record import find_record, record_facts
    from evo.report.views.record import record_view

    record = find_record(history.records, id)
    confirmation = newest_of(history.folder, record.id)
    found = credits_of(history, [record])
    credits_ = credit_facts(found[record.id]) if record.id in found else None
    facts = record_facts(record, confirmation, credits_)
    print_facts(facts, record_view(facts), as_json=as_json)
