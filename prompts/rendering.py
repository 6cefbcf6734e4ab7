"""Prompts of language models: one Jinja template per strategy, and the function that fills them.

Text from a model, a server or a candidate is data here. It goes through one of the filters
below, which bound its length and keep it within its quotes; it is never itself read as a template.
"""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from prompts.quoting import by_network, fenced, interval, paragraph, quoted, short, signed

_BLANK_LINES = re.compile(r"\n{3,}")
_FILTERS = {
    "fenced": fenced,
    "quoted": quoted,
    "paragraph": paragraph,
    "interval": interval,
    "by_network": by_network,
    "signed": signed,
    "short": short,
}


def render(name: str, **values: object) -> str:
    """A template filled in; a value that it misses is an error.

    Args:
        name: the template's file name without `.md.j2`.
        values: what the template speaks of.
    """
    text = _environment().get_template(f"{name}.md.j2").render(values)
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


@cache
def card(kind: str) -> str:
    """The field's knowledge of a kind of components, one page; empty where it has no card."""
    path = Path(__file__).parent / "cards" / f"{kind}.md"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


@cache
def wordings(operator: str) -> tuple[str, ...]:
    """Further wordings of an operator's task, one per paragraph of its file; none without one."""
    path = Path(__file__).parent / "wordings" / f"{operator}.md"
    if not path.is_file():
        return ()
    texts = path.read_text(encoding="utf-8").split("\n\n")
    return tuple(" ".join(text.split()) for text in texts)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - prompts are no HTML; the filters quote
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(_FILTERS)
    return environment
