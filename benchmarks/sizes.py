"""Command-line options of a benchmark: how much it measures, or `--quick`.

With `--quick` a benchmark takes seconds and shows only that it still runs: its figures say little.
"""

import argparse
from typing import NamedTuple


class Size(NamedTuple):
    """One option: a number with a default.

    Attributes:
        full: default, chosen so that `make bench` ends within 20 minutes on two cores.
        quick: default with `--quick`.
        help: what it counts.
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
    given = vars(parser.parse_args())
    return {
        name: (size.quick if given["quick"] else size.full) if given[name] is None else given[name]
        for name, size in sizes.items()
    }
