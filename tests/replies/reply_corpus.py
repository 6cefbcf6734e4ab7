"""Replies as eight families of models and some coding agents write them, and what each proposes.

`corpus/*.txt` has a file per family, written for evo in the families' styles, and `mixed.txt`,
which was written when the reader had been finished, to see what it misses; so was `unseen.txt`,
later, of whose 41 usable replies 39 were taken at the first run, and `fresh.txt`, of whose 41
39 were, too. An entry begins with
`%%%% name`, followed by facts: `kind`; `expect`, an expression of what the component computes, or
`refused` where the reply holds no component that could be used, then perhaps `because`, a pattern
of the reason; `parent`, what the component that the prompt shows returns; `finish`, unless it is
"stop". An empty line ends the facts, the rest is the reply. `{U+00A0}` stands for the character of
that number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from evo.components.kinds import kinds
from evo.core.messages import Reply
from operators.llm.reading import ReplyComponent, read_reply
from operators.llm.views import plain_source

CORPUS = Path(__file__).parent / "corpus"
_CHARACTER = re.compile(r"\{U\+([0-9A-F]{4,5})\}")


@dataclass(frozen=True)
class Sample:
    """A reply and what it holds.

    Attributes:
        family: of models.
        name: what is special about it.
        kind: of the component that was asked for.
        expect: what the component computes, over the arguments of the kind; empty where the reply
            holds none.
        because: pattern of the reason where there is none.
        parent: source of the component that the prompt showed; empty for none.
        reply: the model's.
    """

    family: str
    name: str
    kind: str
    expect: str
    because: str
    parent: str
    reply: Reply

    @property
    def is_usable(self) -> bool:
        """True if it holds a component that a careful reader would take."""
        return bool(self.expect)

    def read(self) -> ReplyComponent:
        """The component as evo reads it."""
        contract = kinds.get(self.kind).contract
        prompt = f"Improve this:\n```python\n{self.parent}\n```\n"
        return read_reply(
            self.reply, contract, prompt, parents=[self.parent] if self.parent else []
        )

    def expected(self, arguments: list[torch.Tensor]) -> torch.Tensor:
        """What the component should return."""
        names = dict(zip(kinds.get(self.kind).contract.parameters, arguments, strict=True))
        return eval(self.expect, {"torch": torch, "F": F, **names})


def samples() -> list[Sample]:
    """All replies of the corpus."""
    return [
        _sample(path.stem, entry)
        for path in sorted(CORPUS.glob("*.txt"))
        for entry in re.split(r"^%%%% ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    ]


def _sample(family: str, entry: str) -> Sample:
    head, _, text = entry.partition("\n\n")
    name, *lines = head.split("\n")
    facts: Mapping[str, str] = dict(line.split(": ", 1) for line in lines)
    text = _CHARACTER.sub(lambda number: chr(int(number[1], 16)), text)
    expect, kind = facts["expect"], facts["kind"]
    return Sample(
        family,
        name,
        kind,
        "" if expect == "refused" else expect,
        facts.get("because", ""),
        _parent(kind, facts["parent"]) if "parent" in facts else "",
        Reply(text, facts.get("finish", "stop"), family, 1, 1),
    )


def _parent(kind: str, expression: str) -> str:
    contract = kinds.get(kind).contract
    imports = [line for line in contract.imports if f"{line.split()[-1]}." in expression]
    head = f"def {contract.function}({', '.join(contract.parameters)}):"
    return plain_source("\n".join([*imports, head, f"    return {expression}"]))
