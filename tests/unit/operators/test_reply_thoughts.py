"""Thoughts in a reply are never the answer, and cut-off replies count as far as they decided."""

import pytest
from reply_samples import SINE, TANH, draft, fenced, is_half_sine

from operators.llm.modules import UnreadableError

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
