"""Text as its model meant it where a server left tokens of the model's vocabulary in it.

Some servers send words as their tokens spell them (`Ġ` or `▁` for a space, `<0x0A>` for a line's
end), or go on past the end of the model's turn with a turn of the user that nobody wrote. Programs
that are meant for a terminal colour what they write.
"""

import re

_ERASED = re.compile(r"[^\n]*\x1b\[[0-2]?K")
"""What a terminal shows no longer: lines that are written over, such as a spinner."""
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]{0,40}[@-~]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\))")
"""Colours, movements and titles of a terminal."""
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_BARS = re.compile(r"<[|｜]([^<>\n]{1,40})[|｜]>")
_ESCAPED_TAG = re.compile(r"&lt;(/?[\w:|]{1,40})&gt;")
_NEXT_TURN = re.compile(
    r"(?:<\|im_start\|>|<start_of_turn>|<\|start_header_id\|>|<\|)user\b|<\|?user\|?>|\[INST\]"
    r"|</s>\s*<s>"
)
_BEGIN = re.compile(r"\A\s*(?:<s>|<bos>|<\|begin_?of_?(?:text|sentence)\|>)")
_MOST_ENDS = 4
"""Tokens that may end a turn, one after another."""
_END = re.compile(
    r"</s>|<eos>|<end_of_turn>|<\|(?:endoftext|end_of_text|end_of_sentence|eom_id)\|>"
    r"|\[(?:/INST|DONE)\]$|<\|[\w ]{1,40}\|>\Z",
    re.MULTILINE,
)


def without_tokens(text: str) -> str:
    r"""The text of the model's own turn, without what ends it.

    >>> without_tokens("ĠaĊb</s>")
    ' a\nb'
    >>> without_tokens("The answer.<|im_end|>\n<|im_start|>user\nAnd now?")
    'The answer.'
    """
    if "\x1b" in text:
        text = _ESCAPE.sub("", _ERASED.sub("", text))
    if "Ċ" in text and "\n" not in text.strip():
        text = text.replace("Ġ", " ").replace("Ċ", "\n").replace("ĉ", "\t")
    if text.count("▁") > text.count(" "):
        text = text.replace("▁", " ")
    if "\n" not in text.strip():
        text = _BYTE.sub(lambda byte: chr(int(byte[1], 16)), text)
    text = _BARS.sub(lambda token: f"<|{token[1].replace('▁', '_')}|>", text)
    text = _ESCAPED_TAG.sub(r"<\1>", text)
    text = _BEGIN.sub("", text)
    turn = _NEXT_TURN.search(text)
    if turn is not None and text[: turn.start()].strip():
        text = text[: turn.start()]
    for _ in range(_MOST_ENDS):
        text = _END.sub("", text).rstrip()
    return text
