"""Entry point of `evo` and `python -m evo`: loads little before it can be interrupted."""

import gc
import os
import sys


def main() -> None:
    """Run the command line; Ctrl-C while it still loads ends it without a traceback."""
    # Most of what a start allocates are modules, which stay: to look for garbage in them as often
    # as Python does takes a seventh of it.
    gc.set_threshold(20_000)
    try:
        from evo.cli import main as run  # noqa: PLC0415 - while it loads, Ctrl-C is heard

        run()
    except KeyboardInterrupt:
        sys.stderr.write("evo: interrupted.\n")
        sys.stderr.flush()
        os._exit(130)  # modules may be half loaded, and their clean-up fail
    finally:
        # At its end Python would look through all that is loaded once more. With torch it has to:
        # libraries that come with it report objects that were not let go, in dozens of lines.
        if "torch" not in sys.modules:
            gc.freeze()


if __name__ == "__main__":
    main()
