"""HTML of a campaign for notebooks. Sources are hostile text: every value is escaped."""

import html
from collections.abc import Sequence

from evo.core.records import Record

_SHOWN = 5
"""Members of the front in the table."""


def campaign_html(summary: str, members: Sequence[Record]) -> str:
    """A fragment of HTML: a line of summary, and the beginning of the front."""
    rows = "".join(_row(record) for record in members[:_SHOWN])
    more = f"<p>{len(members) - _SHOWN} more: <code>front()</code></p>"
    return (
        f"<p><code>{html.escape(summary)}</code></p>"
        "<table><thead><tr><th>id</th><th>B-WR</th><th>BSOTA-WR</th><th>N behaviour</th>"
        f"<th>source</th></tr></thead><tbody>{rows}</tbody></table>"
        f"{more if len(members) > _SHOWN else ''}"
    )


def _row(record: Record) -> str:
    score, novelty = record.scored, record.archived
    cells = [
        html.escape(record.id[:8]),
        f"{score.b_wr.value:.3f} [{score.b_wr.low:.2f}, {score.b_wr.high:.2f}]",
        f"{score.bsota_wr.value:.3f} [{score.bsota_wr.low:.2f}, {score.bsota_wr.high:.2f}]",
        f"{novelty.behaviour:.3f}",
        f"<pre>{html.escape(record.candidate.source)}</pre>",
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
