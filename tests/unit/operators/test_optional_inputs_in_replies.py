"""Replies of models that take optional inputs of their kind keep them, and no others."""

import pytest

from evo.components.kinds import kinds
from evo.core.messages import Reply
from evo.validation.policy.rules import check_source
from operators.llm.reading import read_reply

REPLIES = {
    "loss": (
        "def loss(logits, labels, counts, t, scale=2.0):\n"
        "    prior = torch.log(counts / counts.sum())\n"
        "    return F.cross_entropy(scale * logits + t * prior, labels, reduction='none')",
        "def loss(outputs, targets, counts, t):",
    ),
    "regularizer": (
        "class Shaken:\n    def __init__(self, rate=0.1):\n        self.rate = rate\n"
        "    def __call__(self, w, noise):\n"
        "        return (w * (1 + self.rate * noise)).abs().sum()\n\n"
        "shaken = Shaken()\n\ndef regularize(w, noise):\n    return 1e-3 * shaken(w, noise)",
        "def regularize(w, noise):",
    ),
    "activation": (
        "def relu_dropout(x, noise, training):\n    y = F.relu(x)\n"
        "    return torch.where(training > 0, y * (noise > -1), y)",
        "def activation(x, noise, training):",
    ),
}


@pytest.mark.parametrize("kind", REPLIES)
def test_a_reply_keeps_the_optional_inputs_that_it_names(kind: str) -> None:
    contract, (code, signature) = kinds.get(kind).contract, REPLIES[kind]
    text = f"It helps.\n```python\nimport torch\nimport torch.nn.functional as F\n\n{code}\n```"

    source = read_reply(Reply(text, "stop", "m", 1, 1), contract).source

    assert signature in source
    check_source(source, contract)
