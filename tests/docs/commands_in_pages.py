"""The commands of evo that pages show, and whether the command line has what they use."""

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

import typer
from markdown_blocks import PAGES, ROOT
from typer.core import TyperGroup

from evo.cli import app

_FENCE = re.compile(r"\s*(```|~~~)")
_COMMAND = re.compile(r"\s*(?:\$ )?(?:nohup )?(?:[A-Z_]+=\S+ )*(evo .*)")
_INLINE = re.compile(r"`(evo [^`]+)`")
_ENDS = {"|", "||", ">", ">>", "2>", "<", "&", "&&", ";"}
"""Words of a shell that end a command's own."""


class Line(NamedTuple):
    """A command with its place, such as `docs/guide/steer.md:3`."""

    place: str
    command: str


def commands_of(page: str) -> Iterator[Line]:
    """The commands of evo in a page's code, in blocks and within sentences."""
    yield from commands_in((ROOT / page).read_text(encoding="utf-8"), page)


def commands_in(text: str, page: str = "") -> Iterator[Line]:
    """The commands of evo in a text's code; lines that end in a backslash are joined."""
    is_fenced = False
    lines = enumerate(text.splitlines(), 1)
    for number, line in lines:
        if _FENCE.match(line):
            is_fenced = not is_fenced
        elif (is_fenced or line.startswith("    ")) and (match := _COMMAND.match(line)):
            command = match[1]
            while command.endswith("\\"):
                command = command[:-1] + next(lines, (0, ""))[1]
            yield Line(f"{page}:{number}", command)
        elif not is_fenced:
            yield from (Line(f"{page}:{number}", inline) for inline in _INLINE.findall(line))


def faults(command: str) -> list[str]:
    """The commands and options of a line that evo lacks; empty if it has all.

    A word in capitals where a command stands, such as COMMAND, stands for any.
    """
    words = _words(command)[1:]
    current = typer.main.get_command(app)
    while words and isinstance(current, TyperGroup) and not words[0].startswith("-"):
        name = words.pop(0)
        if name.isupper():
            return []
        if name not in current.commands:
            return [f"no command {name!r}"]
        current = current.commands[name]
    known = {"--help"}
    for parameter in current.params:
        known |= {*parameter.opts, *parameter.secondary_opts}
    used = [word.partition("=")[0] for word in words if re.match("--?[A-Za-z]", word)]
    return [f"no option {option!r}" for option in used if option not in known]


def _words(command: str) -> list[str]:
    """A line's words up to a pipe, a redirection or a comment."""
    # A `|` within a word is no pipe: pages write csv|parquet for "or".
    words = shlex.split(command, comments=True)
    end = next((place for place, word in enumerate(words) if word in _ENDS), len(words))
    return words[:end]


EVERY_LINE = [line for page in ("CONTRIBUTING.md", *PAGES) for line in commands_of(page)]
