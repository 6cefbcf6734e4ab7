"""Forms in which models send the same answer, and replies that leave open which code is meant."""

import time

import pytest
from reply_samples import CODE, SINE, TANH, draft, fenced, function, is_half_sine

from operators.llm.modules import UnreadableError

BLOCKS_AFTER = {
    "slope": "Its slope, for reference:\n" + fenced("def slope(x):\n    return torch.cos(x)"),
    "slope of the same name": "The derivative is:\n" + fenced("def activation(x):\n    return x"),
    "parent": "The parent was:\n" + fenced(TANH),
    "original": "**Original function, for comparison:**\n\n" + fenced(TANH),
    "test": "A test:\n" + fenced("def test_it(x):\n    assert activation(x).shape == x.shape"),
    "check": "A quick check:\n" + fenced("def check(x):\n    return activation(x).isfinite()"),
    "plot": "To plot it:\n" + fenced("import matplotlib.pyplot as plt\nplt.plot(activation(x))"),
    "numpy": "It is\n" + fenced("import numpy as np\ndef activation(x):\n    return np.sin(x)"),
    "same again": "As a whole:\n" + fenced("# the answer\n" + SINE),
    "broken parent": "The parent:\n" + fenced("def activation(x):\n    return (x"),
    "use": "Use it so:\n" + fenced("import torch\nx = torch.ones(3)\nprint(activation(x))"),
    "alternative": "Alternatively:\n" + fenced(TANH),
}


@pytest.mark.parametrize("after", BLOCKS_AFTER.values(), ids=BLOCKS_AFTER.keys())
def test_a_later_block_is_not_taken_for_the_answer(after: str) -> None:
    said = draft(f"A sine, odd and bounded.\n\n{fenced(SINE)}\n\n{after}\n")

    assert is_half_sine(said.source)
    assert said.rationale == "A sine, odd and bounded."


@pytest.mark.parametrize(
    "before",
    [
        "First idea:\n" + fenced(TANH),
        "### Draft\n" + fenced(TANH),
        "The parent saturates early.\n\nThe parent:\n" + fenced(TANH),
        "Its slope would be:\n" + fenced("def slope(x):\n    return torch.cos(x)"),
        "A naive attempt:\n" + fenced("def activation(x):\n    return (x"),
    ],
)
def test_an_earlier_block_that_is_called_a_draft_is_not_the_answer(before: str) -> None:
    said = draft(f"{before}\nA sine waves on, and never saturates.\n\nFinal:\n{fenced(SINE)}")

    assert is_half_sine(said.source)
    assert said.rationale == "A sine waves on, and never saturates."


def test_code_of_the_prompt_is_a_quotation() -> None:
    text = f"This moves on from what stands there.\n{fenced(TANH)}\nIt waves:\n{fenced(SINE)}"
    shown = fenced("import torch\n\ndef activation(x):\n    return 0.5 * torch.tanh(x)")

    assert is_half_sine(draft(text, prompt=f"Improve this:\n{shown}").source)


@pytest.mark.parametrize(
    "text",
    [
        f"A sine.\n{fenced(SINE)}\nA tanh.\n{fenced(TANH)}",
        f"{fenced('def sine(x): return torch.sin(x)')}\n{fenced('def cosine(x): return x')}",
        f"Draft 1:\n{fenced(SINE)}\nDraft 2:\n{fenced(TANH)}",
    ],
)
def test_several_answers_are_refused_with_the_reason(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"2 different ones .* exactly one block"):
        draft(text)


def test_a_final_answer_that_is_broken_is_not_replaced_by_its_draft() -> None:
    broken = fenced("def activation(x):\n    return torch.tanh(x")

    with pytest.raises(UnreadableError, match="does not parse"):
        draft(f"Draft:\n{fenced(SINE)}\nFinal:\n{broken}")


MARKERS = {
    "think": ("<think>", "</think>"),
    "attribute": ('<think time="3">', "</think>"),
    "brackets": ("[THINK]", "[/THINK]"),
    "namespace": ("<seed:think>", "</seed:think>"),
    "prefix": ("<longcat_think>", "</longcat_think>"),
    "camel": ("<antThinking>", "</antThinking>"),
    "kimi": ("◁think▷", "◁/think▷"),
    "command": ("<|START_THINKING|>", "<|END_THINKING|>"),
    "sky": ("<|begin_of_thought|>", "<|end_of_thought|>\n<|begin_of_solution|>"),
    "pipes": ("<|think|>", "<|/think|>"),
    "thought": ("<thought>", "</thought>"),
    "scratchpad": ("<SCRATCHPAD>", "</SCRATCHPAD>"),
    "reflection": ("<reflection>", "</reflection>"),
    "unused": ("<unused94>thought\n", "<unused95>"),
    "inner": ("<|inner_prefix|>", "<|inner_suffix|>"),
    "gemma": ("<|channel>thought\n", "<channel|>"),
    "details": ('<details type="reasoning" done="true">', "</details>"),
    "harmony": (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    "harmony without markers": ("analysisWe need a wave. ", "assistantfinal"),
    "granite": ("Here is my thought process:", "\nHere is my response:\n"),
    "s1": ("<|im_start|>think\n", "<|im_start|>answer\n"),
    "answer": ("<think>", "\n<answer>"),
    "escaped": ("&lt;think&gt;", "&lt;/think&gt;"),
    "wide bars": ("<｜begin▁of▁thought｜>", "<｜end▁of▁thought｜>"),
    "spaces": ("< think >", "< / think >"),
    "wrong slash": ("<think>", "<\\think>"),
    "plan": ("<planning>", "</planning>"),
    "draft": ("<draft>", "</draft>"),
    "Chinese": ("【思考】", "【/思考】"),
    "turn of thoughts": ("<|im_start|>thought\n", "<|im_end|>\n<|im_start|>assistant\n"),
    "summary": ("<details>\n<summary>Thoughts</summary>\n", "</details>\n"),
    "command line": ("Thinking...\n", "\n...done thinking.\n\n"),
    "thoughts within": ("<think><reflection>Hm.</reflection>", "</think>"),
    "budget": (
        "<seed:think><seed:cot_budget_reflect>9 tokens.</seed:cot_budget_reflect>",
        "</seed:think>",
    ),
}


@pytest.mark.parametrize(("opening", "closing"), MARKERS.values(), ids=MARKERS.keys())
def test_drafts_in_thoughts_are_never_the_answer(opening: str, closing: str) -> None:
    thoughts = f"{opening}A first try:\n{fenced(TANH)}\nThat is too plain"

    said = draft(f"{thoughts}.{closing}A sine, odd and bounded.\n\n{fenced(SINE)}")

    assert is_half_sine(said.source)
    assert said.rationale == "A sine, odd and bounded."
    for finish in ("stop", "length"):
        with pytest.raises(UnreadableError, match="ends within them"):
            draft(f"{thoughts}, so", finish=finish)
    if not opening[0].isalpha():  # such words count at the start of a reply alone
        with pytest.raises(UnreadableError, match="ends within them"):
            draft(f"Sure. {thoughts}, so")


@pytest.mark.parametrize(
    "mention",
    [
        "Thoughts ended with </think> above.",
        "`<think>` stands for thoughts.",
        "I skip the <think> part.",
        "<think> tags are not needed here.",
        'No "[THINK]" is used, nor "</think>".',
        "Use of <|channel> is not known to me.",
    ],
)
def test_a_marker_that_is_mentioned_hides_nothing(mention: str) -> None:
    comment = SINE.replace("    return", f"    # {mention}\n    return")

    assert is_half_sine(draft(f"A sine.\n{fenced(SINE)}\n{mention}").source)
    assert is_half_sine(draft(f"{mention}\n{fenced(SINE)}").source)
    assert is_half_sine(draft(f"A sine.\n{fenced(comment)}").source)


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
        f"Let me try a sine.\n{fenced(SINE)}\nThat is too plain, so maybe we",
        f"Rationale: odd.\n```python\n{SINE}",
        f"Draft:\n{fenced(SINE)}\nFinal:\n```python\nimport torch\n",
        f"Odd.\n\n{SINE}",
    ],
)
def test_a_reply_that_is_cut_off_before_its_answer_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="cut off at its token limit"):
        draft(text, finish="length")


@pytest.mark.parametrize(
    "text",
    [
        f"A sine.\n{fenced(SINE)}",
        f"Rationale: odd and bounded.\n{fenced(SINE)}\nThis function is odd, bounded and smo",
        f"A sine.\n{fenced(SINE)}\nIts slope:\n```python\ndef slope(x):\n    return torch.co",
    ],
)
def test_a_reply_that_is_cut_off_after_its_answer_is_read(text: str) -> None:
    assert is_half_sine(draft(text, finish="length").source)


def test_helpers_of_one_name_that_differ_are_refused() -> None:
    wave = fenced("A = 1.0\ndef wave(x):\n    return A * torch.sin(x)")

    with pytest.raises(UnreadableError, match="one definition of `A`"):
        draft(f"{wave}\nthen\n{fenced(function('activation', 'A * wave(x)', above='A = 2.0'))}")


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
