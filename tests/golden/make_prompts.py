"""Write the golden prompts again: `python tests/golden/make_prompts.py`.

Run it from the root of the checkout after a change of templates, cards or settings, and read the
difference as a model would: one file per operator in a small made-up search, and one per kind and
main operator with the kind's own contract, card, setting and known components.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "prompts"
sys.path.insert(0, str(FOLDER.parents[1]))

from support.briefings import ASKING, MAIN, of_kind, prompt_of  # noqa: E402

from evo.components.kinds import kinds  # noqa: E402


def main() -> None:
    """Write every golden prompt beside this file."""
    for name in ASKING:
        (FOLDER / f"{name}.md").write_text(prompt_of(name))
    for kind in kinds.names():
        (FOLDER / kind).mkdir(exist_ok=True)
        for name in MAIN:
            (FOLDER / kind / f"{name}.md").write_text(of_kind(name, kind))


if __name__ == "__main__":
    main()
