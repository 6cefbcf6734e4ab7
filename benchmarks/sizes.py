"""Command-line options of a benchmark: the amounts that it measures, or `--quick`.

With `--quick` a benchmark takes seconds and only shows that it runs: its figures mean little.
"""

import argparse
from typing import NamedTuple


class Size(NamedTuple):
    """One option: a number with a default.

    Attributes:
        full: default, chosen so that `make bench` ends within 20 minutes on two cores.
        quick: default with `--quick`.
        help: description of the number.
    """

    full: int
    quick: int
    help: str


def read_sizes(description: str | None, **sizes: Size) -> dict[str, int]:
    """The number for each option, from the command line."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only show that it runs, in seconds")
    for name, size in sizes.items():
        usual = f"{size.help} (default: {size.full}, with --quick {size.quick})"
        parser.add_argument(f"--{name}", type=int, metavar="N", help=usual)
    options = vars(parser.parse_args())
    defaults = {name: size.quick if options["quick"] else size.full for name, size in sizes.items()}
    return {
        name: default if options[name] is None else options[name]
        for name, default in defaults.items()
    }
