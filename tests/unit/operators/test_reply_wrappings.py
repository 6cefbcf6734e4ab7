"""What servers, markup and data formats put around an answer."""

import json
import textwrap

import pytest
from reply_samples import CODE, SINE, TANH, draft, fenced, is_half_sine

from operators.llm.modules import UnreadableError

YAML = f"rationale: odd\ncode: |\n{textwrap.indent(SINE, '  ')}"
CELLS = [
    {"cell_type": "markdown", "source": ["A sine."]},
    {"cell_type": "code", "source": SINE.splitlines(keepends=True)},
]
WRAPPINGS = {
    "indented": f"A sine:\n\n{textwrap.indent(SINE, '    ')}\n\nIt waves.",
    "reStructuredText": f".. code-block:: python\n\n{textwrap.indent(SINE, '   ')}",
    "YAML": YAML,
    "YAML in a fence": fenced(YAML, "yaml"),
    "TOML": f'code = """\n{SINE}\n"""',
    "TOML in a fence": fenced(f'why = """odd"""\ncode = """\n{SINE}\n"""', "toml"),
    "HTML": f'<pre><code class="language-python">{SINE}</code></pre>',
    "CDATA": f"<answer><![CDATA[\n{SINE}\n]]></answer>",
    "LaTeX": f"\\begin{{lstlisting}}[language=Python]\n{SINE}\n\\end{{lstlisting}}",
    "tags of a call": f'<invoke name="submit"><parameter name="code">{SINE}</parameter></invoke>',
    "a call": json.dumps({"name": "submit", "arguments": json.dumps({"code": SINE})}),
    "lines of JSON": '{"why": "odd"}\n' + json.dumps({"code": SINE}),
    "JSON with a comment": f'{{\n  // odd\n  "code": "{CODE}"\n}}',
    "a notebook": json.dumps({"cells": CELLS}),
    "a shell of IPython": fenced(
        "In [1]: import torch\n\nIn [2]: def activation(x):\n"
        "   ...:     return 0.5 * torch.sin(x)\n   ...:"
    ),
    "commands of a notebook": fenced(f"%matplotlib inline\n!pip install torch\n{SINE}"),
    "other signs": fenced(
        "import torch\ndef activation(x: torch.Tensor) → torch.Tensor:\n"
        "    return torch.where(x ≤ 9.0, 0.5 ∗ torch.sin(x), 0.0 · x²)"
    ),
    "a mixture of tabs": fenced(
        "import torch\ndef activation(x):\n\ty = torch.sin(x)\n        return 0.5 * y"
    ),
    "a control character": fenced(SINE.replace("torch.", "\0torch.")),
    "tokens with marks": fenced(SINE).replace(" ", "Ġ").replace("\n", "Ċ"),
    "tokens with bars": fenced(SINE).replace(" ", "▁"),
    "tokens of bytes": fenced(SINE).replace("\n", "<0x0A>"),
}


@pytest.mark.parametrize("text", WRAPPINGS.values(), ids=WRAPPINGS.keys())
def test_an_answer_is_taken_out_of_what_carries_it(text: str) -> None:
    assert is_half_sine(draft(text).source)


@pytest.mark.parametrize(
    "end",
    [
        *("</s>", "<eos>", "<|endoftext|>", "<|im_end|>", "<end_of_turn>", "[/INST]", "[DONE]"),
        *("<|eot_id|>", "<｜end▁of▁sentence｜>", "<|im_end|>\n<|endoftext|>"),
    ],
)
@pytest.mark.parametrize("form", ["{}\n```", "{}", "\n```{}"])
def test_the_end_of_a_turn_is_no_code(end: str, form: str) -> None:
    assert is_half_sine(draft(f"A sine.\n\n```python\n{SINE}{form.format(end)}").source)


@pytest.mark.parametrize(
    "turn",
    [
        "<|im_end|>\n<|im_start|>user\nAnd a tanh?<|im_end|>\n<|im_start|>assistant\n",
        "<end_of_turn>\n<start_of_turn>user\nAnd a tanh?<end_of_turn>\n<start_of_turn>model\n",
        "</s>\n[INST] And a tanh? [/INST]\n",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\nAnd?<|eot_id|>",
        "\n<|user|>\nAnd a tanh?\n<|assistant|>\n",
    ],
)
def test_a_turn_that_the_model_goes_on_to_invent_is_not_read(turn: str) -> None:
    assert is_half_sine(draft(f"A sine.\n{fenced(SINE)}{turn}{fenced(TANH)}").source)


@pytest.mark.parametrize("end", ["so", "so we", "wait,", "but the", "because"])
def test_a_reply_that_breaks_off_is_no_answer_though_the_server_calls_it_whole(end: str) -> None:
    with pytest.raises(UnreadableError, match="thoughts that go on after a draft"):
        draft(f"Let me try a tanh.\n{fenced(TANH)}\nToo plain, {end}")


def test_thoughts_in_a_fence_that_is_cut_off_hold_no_answer() -> None:
    with pytest.raises(UnreadableError, match="found no code"):
        draft(f"```thinking\nA first try:\n{fenced(TANH)}\nToo plain.")
