"""Every setting of a configuration with its values, default and meaning.

All is read from the JSON schema of the configuration models, so that what is shown cannot disagree
with what `evo run` accepts.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from evo.campaign.config.campaign import Config

JsonSchema = Mapping[str, Any]
_WIDTH = 100


class SettingKey(NamedTuple):
    """One key of the configuration.

    Attributes:
        key: its name within its table.
        values: what it accepts, in words.
        choices: the values that it accepts, as TOML has them, where they are few.
        default: as TOML has it, rounded; None where it is unset or follows from other settings.
        is_required: whether it must be given.
        is_optional: whether it is unset by default.
        holds_tables: whether it is an array of tables, which have a section of their own.
        description: what it does.
    """

    key: str
    values: str
    choices: tuple[str, ...]
    default: str | None
    is_required: bool
    is_optional: bool
    holds_tables: bool
    description: str


class SettingsTable(NamedTuple):
    """One TOML table of the configuration.

    Attributes:
        table: its dotted name; empty for the keys that stand in no table.
        is_repeated: whether it is an array of tables, `[[llm.models]]`.
        description: what the table is for.
        settings: its keys, in the order of the model.
    """

    table: str
    is_repeated: bool
    description: str
    settings: tuple[SettingKey, ...]

    @property
    def head(self) -> str:
        """The line that begins the table in TOML; empty for the keys that stand in no table."""
        if not self.table:
            return ""
        return f"[[{self.table}]]" if self.is_repeated else f"[{self.table}]"


def sections() -> list[SettingsTable]:
    """Every table of the configuration, outermost first."""
    schema = Config.model_json_schema()
    return list(_sections(schema, schema.get("$defs", {}), table="", is_repeated=False))


def as_toml(config: Config) -> str:
    """A configuration as TOML with a comment per key; keys that are unset are comments too."""
    return "\n".join(_lines(config)).strip() + "\n"


def toml_value(value: Any) -> str:
    """A value as one would write it in TOML, in one line.

    >>> toml_value({"a": [1, 2.5], "b": None, "c": "x"})
    '{ a = [1, 2.5], c = "x" }'
    """
    match value:
        case bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case float():
            return repr(value)
        case list() | tuple():
            return "[" + ", ".join(map(toml_value, cast(list[Any], value))) + "]"
        case dict():
            items = cast(dict[str, Any], value).items()
            pairs = [f"{_key(key)} = {toml_value(part)}" for key, part in items if part is not None]
            return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
        case _:
            return str(value)


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key)


def _lines(config: Config) -> Iterator[str]:
    values = config.model_dump(mode="json")
    for section in sections():
        for table in _tables(values, section):
            yield ""
            yield from _comment(section.description)
            is_shown = table is not None
            if section.head:
                yield section.head if is_shown else f"# {section.head}"
            for setting in section.settings:
                if setting.holds_tables:
                    continue
                yield ""
                yield from _comment(f"{setting.description} ({setting.values})")
                value = (table or {}).get(setting.key)
                if not is_shown or value is None:
                    default = "required" if setting.is_required else (setting.default or "unset")
                    yield f"# {setting.key} =  # {default}"
                else:
                    yield f"{setting.key} = {toml_value(value)}"


def _tables(values: Mapping[str, Any], section: SettingsTable) -> list[Mapping[str, Any] | None]:
    """The tables of a section in a configuration; None stands for one that may be there."""
    node: Any = values
    for part in section.table.split(".") if section.table else ():
        node = node[part]
    return (list(node) or [None]) if section.is_repeated else [node]


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _sections(
    schema: JsonSchema, models: JsonSchema, *, table: str, is_repeated: bool
) -> Iterator[SettingsTable]:
    settings: list[SettingKey] = []
    inner: list[tuple[str, JsonSchema, bool]] = []
    for key, value in schema["properties"].items():
        dotted = f"{table}.{key}" if table else key
        if "$ref" in value:
            inner.append((dotted, _model(value, models), False))
        else:
            settings.append(_setting(key, value, is_required=key in schema.get("required", [])))
            if settings[-1].holds_tables:
                inner.append((dotted, _model(value["items"], models), True))
    if settings:
        yield SettingsTable(table, is_repeated, _one_line(schema), tuple(settings))
    for dotted, model, repeated in inner:
        yield from _sections(model, models, table=dotted, is_repeated=repeated)


def _model(reference: JsonSchema, models: JsonSchema) -> JsonSchema:
    return models[reference["$ref"].rpartition("/")[2]]


def _setting(key: str, value: JsonSchema, *, is_required: bool) -> SettingKey:
    default = value.get("default")
    holds_tables = "$ref" in value.get("items", {})
    choices = tuple(map(toml_value, value.get("enum", ())))
    return SettingKey(
        key,
        "tables" if holds_tables else ", ".join(choices) or _values(value),
        choices,
        None if default is None else toml_value(_rounded(default)),
        is_required,
        "default" in value and default is None,
        holds_tables,
        _one_line(value),
    )


def _rounded(value: Any) -> Any:
    """A default with its numbers rounded to four digits, to be read."""
    match value:
        case float():
            return float(f"{value:.4g}")
        case list():
            return [_rounded(part) for part in cast(list[Any], value)]
        case dict():
            return {key: _rounded(part) for key, part in cast(dict[str, Any], value).items()}
        case _:
            return value


def _values(value: JsonSchema) -> str:
    """The values that a key accepts, in words."""
    if "anyOf" in value:
        given = [option for option in value["anyOf"] if option.get("type") != "null"]
        return " or ".join(_values(option) for option in given)
    if "$ref" in value:
        return "table"
    if value.get("type") == "array":
        name, space, bound = _values(value["items"]).partition(" ")
        return f"list of {name}s{space}{bound}"
    if value.get("type") == "object":
        return f"table of names, each with {_article(_values(value['additionalProperties']))}"
    name = str(value.get("type", "value"))
    bounds = [
        f"{sign} {value[bound]:g}"
        for bound, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if bound in value
    ]
    return " ".join([name, ", ".join(bounds)]).strip()


def _article(words: str) -> str:
    return f"an {words}" if words.startswith(("a", "i", "o")) else f"a {words}"


def _one_line(schema: JsonSchema) -> str:
    return " ".join(str(schema.get("description", "")).split())
