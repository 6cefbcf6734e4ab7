"""Every command of evo that a page shows exists, with all the options that it is shown with."""

import pytest
from commands_in_pages import EVERY_LINE, Line, commands_in, faults

TEXT = """
evo is no command here, and `evo doctor` is one.

    evo run demo        # indented
    cat file | evo ignored

```console
$ evo status RUN \\
    --json
EVO_SEED=1 evo pareto RUN
```
    evo list
"""


@pytest.mark.parametrize("line", EVERY_LINE, ids=lambda line: line.place)
def test_the_command_of_a_page_has_what_it_is_shown_with(line: Line) -> None:
    assert faults(line.command) == []


def test_enough_pages_show_commands() -> None:
    assert len(EVERY_LINE) > 300


def test_commands_are_found_in_indented_and_in_fenced_blocks_and_in_sentences() -> None:
    found = [(line.place, " ".join(line.command.split())) for line in commands_in(TEXT, "page")]

    assert found == [
        ("page:2", "evo doctor"),
        ("page:4", "evo run demo # indented"),
        ("page:8", "evo status RUN --json"),
        ("page:10", "evo pareto RUN"),
        ("page:12", "evo list"),
    ]


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("evo runn demo", ["no command 'runn'"]),
        ("evo bench tabulr", ["no command 'tabulr'"]),
        ("evo run demo --sed 1", ["no option '--sed'"]),
        ("evo export RUN --format=csv -x all.csv", ["no option '-x'"]),
        ("evo bench tabular --reference hill", ["no option '--reference'"]),
        ("evo --vrsion", ["no option '--vrsion'"]),
    ],
)
def test_a_wrong_command_or_option_is_found(command: str, wrong: list[str]) -> None:
    assert faults(command) == wrong


@pytest.mark.parametrize(
    "command",
    [
        "evo run demo --seed=1  # --sed is only in the comment",
        "evo status RUN --json | jq --raw-output .climb",
        "evo export RUN --format csv|parquet > all.csv",
        "evo ctl RUN hint 'Try --bold functions.' --generations 5 &",
        "evo view --no-browser",
        "evo COMMAND --help",
        "evo --help",
        "evo bench search --quick",
    ],
)
def test_what_is_right_has_no_faults(command: str) -> None:
    assert faults(command) == []
