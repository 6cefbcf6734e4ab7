"""Remove a model's thoughts from its reply, as far as a server left them in the text.

Models mark thoughts in many ways: `<think>`, `[THINK]`, `<seed:think>`, `<|START_THINKING|>`,
`◁think▷`, the channels of harmony, or a sentence that opens them. Code within is a draft and never
an answer. A marker in the middle of a sentence or between quotes only mentions thoughts.
"""

import re
from typing import NamedTuple

_STEM = (
    r"(?:inner[_-]?)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflect(?:ion)?|scratch_?pad|"
    r"analysis|monologue|chain[_-]of[_-]thoughts?|cot|deliberat(?:e|ion)|plan(?:ning)?|"
    r"brainstorm(?:ing)?|drafts?|critique|working|step[_-]by[_-]step|思考(?:过程)?)"
)
# Lengths are bounded, and the parts share no character: a hostile reply costs no time.
_BEFORE = r"(?:[a-z0-9.-]{1,20}[:_]){0,4}(?:[a-z]{1,10})?"
_NAME = rf"{_BEFORE}{_STEM}(?:[_-](?!end\b|stop\b)\w{{1,20}})?"
_DETAILS_OPENING = (
    r"(?:<details[^>\n]{0,80}reasoning[^>\n]{0,80}>"
    r"|<details[^>\n]{0,80}>\s*<summary>[^<\n]{0,40}(?:think|thought|reason)[^<\n]{0,40}</summary>)"
)
_OPENING = re.compile(
    rf"< ?\|?(?:begin_of_|start_of_|start_|begin_)?{_NAME}(?:\s[^<>\n]{{0,80}})?\|?>"
    rf"|\[(?:BEGIN_|START_)?(?:(?i:thinking|think|thoughts?)|[A-Z:]*{_STEM.upper()})\]"
    rf"|[◁⟨【]\s*{_NAME}\s*[▷⟩】]"
    rf"|{_DETAILS_OPENING}|<\|inner_prefix\|>|<unused94>(?:thought)?"
    r"|<\|im_start\|>(?:think|thought|analysis)\b|<\|channel>\s*thought\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rf"<\s*[/\\]\s*\|?{_NAME}\s*\|?>|<\|/{_NAME}\|>|<\|?(?:end_of_|end_|stop_){_NAME}\|?>"
    rf"|<\|?{_NAME}_end\|?>"
    rf"|\[(?:/|END_)\s*{_STEM}\]|[◁⟨【]\s*/\s*{_NAME}\s*[▷⟩】]"
    r"|<\|inner_suffix\|>|<unused95>|<\|im_start\|>answer\b|<channel\|>",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"^[ \t]*(?:<(?:answer|final_answer|solution|response)>"
    r"|<\|(?:begin_of_solution|START_RESPONSE)\|>|<\|im_start\|>assistant\b)",
    re.IGNORECASE | re.MULTILINE,
)
"""Opens the answer, and so ends thoughts that were not closed."""
_DETAILS = re.compile(_DETAILS_OPENING, re.IGNORECASE)
_SPOKEN = re.compile(
    r"\s*(?:(?:here is|here's) my (?:thought|thinking|reasoning) process\s*:|thinking\.\.\.\s*\n)",
    re.IGNORECASE,
)
_SPOKEN_END = re.compile(
    r"^\W*(?:here is|here's) my (?:response|answer)\s*:|^\W*done thinking\.",
    re.IGNORECASE | re.MULTILINE,
)
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]{0,80}(?:<\|constrain\|>\w*\s*)?<\|message\|>")
_BARE_ANALYSIS = re.compile(r"\s*analysis(?=[A-Z])")
_BARE_FINAL = "assistantfinal"
_TOKEN = re.compile(
    r"<\|(?:start|end|return|call|message|im_start|im_end|eot_id|START_RESPONSE|END_RESPONSE|"
    r"begin_of_solution|end_of_solution|start_header_id|end_header_id)\|>(?:assistant\b)?"
    r"|</?(?:answer|final|final_answer|solution|response|rationale|explanation|output|seed:answer)>"
    r"|</details>",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[`\"'“‘*(]$")
_IN_SENTENCE = re.compile(r"(?:[\w,;] |# ?)$")
_SENTENCE_GOES_ON = re.compile(r"[.,;:!?)]|[ \t]+\w")
_SUBJECT = re.compile(r"\s+(?:is|are|was|were|tags?|blocks?|markers?|sections?|parts?)\b")


class Outside(NamedTuple):
    """The text outside of thoughts, and whether the reply ends inside of them."""

    text: str
    is_cut: bool


def without_thoughts(text: str) -> Outside:
    """The part of a reply that is meant for the reader.

    >>> without_thoughts("[THINK]A draft.[/THINK]The answer.")
    Outside(text='The answer.', is_cut=False)
    >>> without_thoughts("<seed:think>A draft, but")
    Outside(text='', is_cut=True)
    """
    outside = _final_channel(text) if _CHANNEL.search(text) else _unmarked(text)
    return outside._replace(text=_TOKEN.sub("", outside.text))


def _final_channel(text: str) -> Outside:
    """The final channel of a reply in OpenAI's harmony format."""
    marks = list(_CHANNEL.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    finals = [
        text[mark.end() : end].removesuffix("<|start|>assistant")
        for mark, end in zip(marks, ends, strict=True)
        if mark[1].lower() == "final"
    ]
    return Outside("".join(finals), is_cut=not finals)


def _unmarked(text: str) -> Outside:
    if _BARE_ANALYSIS.match(text):  # harmony of a server that drops its markers
        _, final, answer = text.rpartition(_BARE_FINAL)
        return Outside(answer if final else "", is_cut=not final)
    if _SPOKEN.match(text):
        end = _SPOKEN_END.search(text)
        return Outside(text[end.end() :] if end else "", is_cut=end is None)
    return _outside_marks(text)


def _outside_marks(text: str) -> Outside:
    text = _without_details(text)
    marks = sorted(
        [
            *((mark, True) for mark in _OPENING.finditer(text)),
            *((mark, False) for mark in _CLOSING.finditer(text)),
            *((mark, False) for mark in _ANSWER.finditer(text)),
        ],
        key=lambda pair: pair[0].start(),
    )
    kept: list[str] = []
    start = 0
    inside: list[str] = []  # names of the markers that are open, the outermost first
    for mark, opens in marks:
        begins_answer = mark.re is _ANSWER
        if (begins_answer and not inside) or _is_mentioned(text, mark, opens=opens):
            continue
        name = _name(mark)
        if opens and not inside:
            kept.append(text[start : mark.start()])
            inside = [name]
        elif opens and name not in inside:
            inside.append(name)
        elif not opens and name in inside[1:]:
            del inside[inside.index(name) :]  # such as a note on the budget of thoughts
        elif not opens:
            if not inside:
                kept.clear()  # some chat templates open the thoughts themselves
            start = mark.end()
            inside = []
    if not inside:
        kept.append(text[start:])
    outside = "".join(kept)
    ends_in_thoughts = bool(inside) or (bool(marks) and not outside.strip())
    return Outside(outside, is_cut=ends_in_thoughts)


def _without_details(text: str) -> str:
    """The text without thoughts that a page would fold away, as far as they are closed."""
    closing, lower = "</details>", text.lower()
    kept: list[str] = []
    start = 0
    for opening in _DETAILS.finditer(text):
        if opening.start() < start:
            continue
        if (end := lower.find(closing, opening.end())) < 0:
            break
        kept.append(text[start : opening.start()])
        start = end + len(closing)
    return "".join([*kept, text[start:]])


def _name(mark: re.Match[str]) -> str:
    """The name that the opening and the closing marker of thoughts share."""
    words = re.findall(r"[^\W_]+", mark[0].lower())
    return " ".join(word for word in words if word not in _EDGES)


_EDGES = frozenset({"begin", "start", "of", "end", "stop"})


def _is_mentioned(text: str, mark: re.Match[str], *, opens: bool) -> bool:
    """True if a sentence or a line of code speaks of the marker."""
    before = text[max(0, mark.start() - 40) : mark.start()].rpartition("\n")[2]
    after = text[mark.end() : mark.end() + 40].partition("\n")[0]
    if opens and not before.strip() and _SUBJECT.match(after):
        return True
    if _QUOTED.search(before):
        return True
    # A closing marker may follow the last word of the thoughts: then the line ends with it.
    goes_on = opens or bool(_SENTENCE_GOES_ON.match(after))
    return goes_on and bool(_IN_SENTENCE.search(before))
