"""Read code in odd spelling: typographic or invisible characters, escapes, prompts, numbers."""

import ast
import html
import re
import unicodedata
from collections.abc import Iterator

MOST_CODE = 40_000
"""Characters of code that are parsed: longer components are refused in any case."""
_TYPOGRAPHIC = str.maketrans("“”„‟″‘’‚‛′−‐‑–—×∗⋅·÷", "\"\"\"\"\"'''''-----****/")
_SIGNS = str.maketrans({"≤": "<=", "≥": ">=", "≠": "!=", "→": "->", "²": "**2", "³": "**3"})
_SPACES = re.compile(r"[^\S\n\t ]")
_PROMPT = re.compile(r"^(?:>>>|In \[\d*\]:)(?: |$)")
_SHELL = re.compile(rf"{_PROMPT.pattern}|^(?:\.\.\.| +\.\.\.:)(?: |$)")
_MAGIC = re.compile(r"^(?:%%?[a-z]|!\s*[a-z]).*$")
_NUMBER = re.compile(r"^\s*\d+(?: ?[|:.])?(?=\s|$)")


def spellings(code: str) -> Iterator[str]:
    """The code, and other readings of its characters in case that it does not parse."""
    ascii_signs = code.translate(_TYPOGRAPHIC).translate(_SIGNS)
    unescaped = html.unescape(ascii_signs).replace("Â ", " ").translate(_TYPOGRAPHIC)
    narrow = "".join(_narrow(sign) for sign in unescaped)
    lines = code
    if "\n" not in code.strip() and "\\n" in code:
        lines = code.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    yield from dict.fromkeys((code, ascii_signs, unescaped, narrow, lines, code.expandtabs(8)))


def parses(code: str) -> bool:
    """True if the code is valid Python and not empty."""
    if len(code) > MOST_CODE:
        return False
    for spelling in spellings(code):
        try:
            return bool(ast.parse(dedented(spelling)).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return False


def dedented(code: str) -> str:
    """Code without the indentation that all of its lines share, such as that of a list."""
    lines = code.expandtabs(4).split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    margin = min(indents, default=0)
    return "\n".join(line[margin:] for line in lines)


def ordinary_text(text: str) -> str:
    """The text with ordinary line ends and spaces, and without characters of no width."""
    text = text.replace("ï»¿", "")  # a byte order mark, read in another encoding
    text = re.sub(r"\r\n?|[\u2028\u2029\x85]", "\n", text)
    text = _SPACES.sub(" ", text)
    return "".join(
        sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in ("Cf", "Cc")
    )


def unprefixed(code: str) -> str:
    """Code without the prompts and commands of a shell, marks of a diff, or numbers of lines."""
    lines = code.split("\n")
    full = [line for line in lines if line.strip()]
    if any(map(_PROMPT.match, full)):
        return "\n".join(_SHELL.sub("", line) for line in lines if _SHELL.match(line))
    if full and not parses(code):
        if any(map(_MAGIC.match, full)):
            return "\n".join(line for line in lines if not _MAGIC.match(line))
        if all(line[0] in "+- @" for line in full) and any(line[0] == "+" for line in full):
            return "\n".join(
                line[1:] for line in lines if line[:1] in ("+", " ") and line[:3] != "+++"
            )
        if len(full) > 1 and all(map(_NUMBER.match, full)):
            bare = [_NUMBER.sub("", line) for line in lines]
            return "\n".join(line[1:] if line.startswith(" ") else line for line in bare)
    return code


def _narrow(sign: str) -> str:
    is_wide = unicodedata.east_asian_width(sign) in ("F", "W")
    return unicodedata.normalize("NFKC", sign) if is_wide else sign
