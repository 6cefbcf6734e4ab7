"""Two answers, the forms that replies give them, and reading them."""

import torch
from operator_samples import CONTRACT

from evo.core.messages import Reply
from evo.validation.policy.rules import check_source
from operators.llm.reading import ReplyComponent, read_reply

SINE = "import torch\n\ndef activation(x):\n    return 0.5 * torch.sin(x)"
TANH = "import torch\n\ndef activation(x):\n    return 0.5 * torch.tanh(x)"
CODE = SINE.replace("\n", "\\n")


def draft(text: str, *, finish: str = "stop", prompt: str = "") -> ReplyComponent:
    return read_reply(Reply(text, finish, "m", 1, 1), CONTRACT, prompt)


def fenced(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}\n```"


def function(name: str, expression: str, above: str = "") -> str:
    return f"{above}\ndef {name}(x):\n    return {expression}"


def computed(source: str) -> torch.Tensor:
    """What an allowed source returns for some numbers."""
    check_source(source, CONTRACT)
    names: dict[str, object] = {}
    exec(source, names)
    activation = names["activation"]
    assert callable(activation)
    return activation(torch.linspace(-3, 3, 7))


def is_half_sine(source: str) -> bool:
    return torch.equal(computed(source), 0.5 * torch.sin(torch.linspace(-3, 3, 7)))
