"""Forms in which models send the same answer, classes among them."""

import time

import pytest
from reply_samples import CODE, SINE, TANH, draft, fenced, function, is_half_sine

from operators.llm.modules import UnreadableError

FORMS = {
    "helper in its own block": (
        f"A helper.\n{fenced(function('wave', 'torch.sin(x)'))}\nThe function.\n"
        f"{fenced(function('activation', '0.5 * wave(x)'))}"
    ),
    "helper below": fenced(
        "def activation(x):\n    return 0.5 * wave(x)\n\ndef wave(x):\n    return torch.sin(x)"
    ),
    "helper in a later block": (
        f"{fenced(function('activation', '0.5 * wave(x)'))}\nwith\n"
        f"{fenced(function('wave', 't.sin(x)', above='import torch as t'))}"
    ),
    "constant in its own block": (
        f"{fenced('A = 0.5')}\n{fenced(function('activation', 'A * torch.sin(x)'))}"
    ),
    "constant below": fenced("def activation(x):\n    return A * torch.sin(x)\n\nA = 0.5"),
    "constant that changes": fenced(
        "A = 0.25\nA *= 2\ndef activation(x):\n    return A * torch.sin(x)"
    ),
    "list that grows": fenced(
        "C = []\nC.append(0.5)\nprint(C)\ndef activation(x):\n    return C[0] * torch.sin(x)"
    ),
    "constant of an example": fenced(
        "A = 0.5\ndef activation(x):\n    return A * torch.sin(x)\n\nA = 2.0\nprint(activation(A))"
    ),
    "two definitions": fenced(f"# first\n{TANH}\n\n# better\n{SINE}"),
    "parent below in the block": fenced(f"{SINE}\n\n# the parent, for comparison\n{TANH}"),
    "unused test in the block": fenced(
        f"{SINE}\n\ndef test():\n    print(activation(1))\n\ntest()"
    ),
    "other name and check": (
        f"{fenced(function('sine', '0.5 * torch.sin(x)'))}\n"
        f"{fenced(function('check', 'sine(x) > 0'))}"
    ),
    "JSON": f'{{"rationale": "odd", "code": "{CODE}"}}',
    "JSON in a fence": fenced(f'{{"rationale": "odd", "code": "{CODE}"}}', "json"),
    "JSON in prose": f'Here: {{"why": "odd and bounded", "code": "{CODE}"}} Enjoy.',
    "JSON nested": fenced(f'{{"answer": {{"why": "odd it is", "python": "{CODE}"}}}}', "json"),
    "JSON with a fence": fenced(f'{{"why": "odd", "code": "```python\\n{CODE}\\n```"}}', "json"),
    "JSON with raw line ends": fenced(f'{{"why": "odd", "code": "{SINE}"}}', "json"),
    "JSON with a trailing comma": f'{{"why": "odd", "code": "{CODE}",}}',
    "JSON of lines": '{"code": ' + str(SINE.split("\n")).replace("'", '"') + "}",
    "JSON list": f'[{{"why": "odd", "code": "{CODE}"}}]',
    "a Python dict": f"{{'why': 'odd', 'code': '''{SINE}'''}}",
    "fence in a docstring": fenced(
        SINE.replace(
            "    return",
            '    """A sine.\n\n    ```python\n    activation(1)\n    ```\n    """\n    return',
        )
    ),
    "plain fence in a docstring": fenced(
        SINE.replace("    return", '    """A sine.\n\n```\nactivation(1)\n```\n    """\n    return')
    ),
    "closing fence glued to code": f"A sine.\n```python\n{SINE}```",
    "closing fence glued to prose": f"A sine.\n```python\n{SINE}\n```It is odd and bounded.",
    "opening fence glued to prose": f"A sine:```python\n{SINE}\n```",
    "a block on one line": "```python def activation(x): return 0.5 * torch.sin(x)```",
    "a block left open": f"```python\n{SINE}\n```python\nprint(activation(1))\n```",
    "fence in a list": "- ```python\n  " + SINE.replace("\n", "\n  ") + "\n  ```",
    "no-break spaces": fenced(SINE.replace("    ", "\u00a0" * 4)),
    "narrow and thin spaces": fenced(SINE.replace(" * ", "\u202f*\u2009")),
    "wide spaces": fenced(SINE.replace("    ", "\u3000\u3000")),
    "zero-width spaces": fenced(SINE.replace("(x)", "(\u200bx\u200b)")),
    "word joiners": fenced(SINE.replace("torch.", "torch.\u2060")),
    "soft hyphens": fenced(SINE.replace("torch.", "to\u00adrch.")),
    "byte order mark": "\ufeff" + fenced(SINE),
    "byte order mark in the code": fenced("\ufeff" + SINE),
    "byte order mark as Latin-1": fenced("ï»¿" + SINE),
    "curly quotes": fenced(SINE.replace("    return", "    “““A sine.”””\n    return")),
    "true minus": fenced(SINE.replace("0.5 *", "−0.5 * −1.0 *")),
    "full-width parentheses": fenced(SINE.replace("(x)\n", "(x)\n").replace("sin(x)", "sin（x）")),
    "HTML": fenced(SINE.replace("return 0.5", "return (0.5 if 1 &lt; 2 else 0.0)")),
    "old line ends": fenced(SINE).replace("\n", "\r"),
    "line separators": fenced(SINE).replace("\n", "\u2028"),
    "escaped line ends": fenced(CODE),
    "quoted": "> A sine.\n>\n" + "".join(f"> {line}\n" for line in fenced(SINE).split("\n")),
    "quoted twice": "".join(f">> {line}\n" for line in fenced(SINE).split("\n")),
    "quoted without a fence": "".join(f"> {line}\n" for line in SINE.split("\n")),
    "a shell of Python": fenced(
        ">>> import torch\n>>> def activation(x):\n...     return 0.5 * torch.sin(x)\n...\n"
        ">>> activation(torch.zeros(1))\ntensor([0.])"
    ),
    "a diff": fenced(
        "+import torch\n+\n def activation(x):\n-    return x\n+    return 0.5 * torch.sin(x)",
        "diff",
    ),
    "line numbers": fenced(
        "1 import torch\n2\n3 def activation(x):\n4     return 0.5 * torch.sin(x)"
    ),
    "prose between code": SINE.replace("\n\n", "\n\nNow the function:\n\n") + "\n\nIt waves.",
    "code tags": f"<code>{SINE}</code>",
    "Python tags": f"[PYTHON]\n{SINE}\n[/PYTHON]",
    "an alias": fenced(
        "import torch\ndef half(x):\n    return 0.5 * torch.sin(x)\nactivation = half"
    ),
    "a forgotten import": fenced(
        "def activation(x: Tensor):\n    return math.sqrt(0.25) * torch.sin(x)"
    ),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_an_answer_is_read_in_any_form(text: str) -> None:
    assert is_half_sine(draft(text).source)


HEAD = "import torch\nfrom torch import nn\n\n"
CLASSES = {
    "alone": (
        "class Wave(nn.Module):\n    def __init__(self, scale=0.5):\n        super().__init__()\n"
        "        self.scale = scale\n\n    def forward(self, x):\n"
        "        return self.scale * torch.sin(x)"
    ),
    "with its function": (
        "class Wave(nn.Module):\n    def forward(self, x):\n        return torch.sin(x)\n\n"
        "def activation(x):\n    return 0.5 * Wave()(x)"
    ),
    "an instance as the function": (
        "class Activation(nn.Module):\n    half = 0.5\n\n    def forward(self, z):\n"
        "        return self.half * torch.sin(z)\n\nactivation = Activation()"
    ),
    "arguments and methods": (
        "class Wave(nn.Module):\n    def __init__(self, a, b=1.0):\n"
        "        super(Wave, self).__init__()\n        self.a = a * 2\n        self.b = b\n\n"
        "    def inner(self, t):\n        return self.b * torch.sin(t)\n\n"
        "    def forward(self, x):\n        return self.a * self.inner(x)\n\n"
        "wave = Wave(0.25)\n\ndef activation(x):\n    return wave(x)"
    ),
    "a local instance": (
        "class Wave:\n    def __call__(self, x):\n        return torch.sin(x)\n\n"
        "def activation(x):\n    wave = Wave()\n    return 0.5 * wave(x)"
    ),
    "a buffer and an example": (
        "class Wave(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        '        self.register_buffer("a", torch.tensor(0.5))\n\n    def forward(self, x):\n'
        "        return self.a * torch.sin(x)\n\nnet = nn.Sequential(nn.Linear(1, 1), Wave())"
    ),
    "two that differ by an argument": (
        "class Scale(nn.Module):\n    def __init__(self, by):\n        super().__init__()\n"
        "        self.by = by\n\n    def forward(self, x):\n        return self.by * x\n\n"
        "def activation(x):\n    return Scale(0.25)(Scale(by=2.0).forward(torch.sin(x)))"
    ),
}


@pytest.mark.parametrize("code", CLASSES.values(), ids=CLASSES.keys())
def test_a_class_with_a_forward_becomes_a_function(code: str) -> None:
    assert is_half_sine(draft(fenced(HEAD + code)).source)


def test_a_class_in_a_block_of_its_own_serves_the_function_of_another() -> None:
    wave = "class Wave(nn.Module):\n    def forward(self, x):\n        return torch.sin(x)"
    use = fenced("def activation(x):\n    return 0.5 * Wave()(x)")

    assert is_half_sine(draft(f"{fenced(HEAD + wave)}\nThe function:\n{use}").source)


@pytest.mark.parametrize(
    "init",
    [
        "self.a = nn.Parameter(torch.tensor(0.5))",
        "self.children = [self]",
        "self.a = 0.5\n        for _ in range(3):\n            self.a *= 2",
    ],
)
def test_a_class_that_learns_or_keeps_is_refused_by_name(init: str) -> None:
    code = (
        f"class Wave(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        {init}\n\n    def forward(self, x):\n        return self.a * torch.sin(x)"
    )

    with pytest.raises(UnreadableError, match="found none in the code, but the class `Wave`"):
        draft(fenced(HEAD + code))


@pytest.mark.parametrize(
    "text",
    [
        "```python\n" * 20_000,
        f"{fenced(function('activation', 'x'))}\n" * 4_000,
        "```python\n" + "def f(x):\n    return f(x)\n" * 8_000 + "```",
        "".join(f"{fenced(f'A{i} = A{i + 1}')}\n" for i in range(6_000)),
        "<" + "a_" * 99_000,
        "<think>" * 28_000,
        '{"a":' * 40_000,
        "> " * 100_000,
        "<|a|>" * 40_000,
        "<details reasoning>" * 10_000,
        "\n".join(" " * depth + "import x" for depth in range(600)),
    ],
    ids=[
        *("fences", "blocks", "functions", "constants", "name", "thoughts", "objects", "quotes"),
        *("tokens", "details", "indents"),
    ],
)
def test_a_hostile_reply_takes_little_time(text: str) -> None:
    start = time.process_time()

    with pytest.raises(UnreadableError):
        draft(text)

    assert time.process_time() - start < 10
