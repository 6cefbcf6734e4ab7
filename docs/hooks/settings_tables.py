"""Markdown tables of every setting, read from the configuration models.

The models' JSON schema has each key's type, bounds, default and description, so that the page
cannot disagree with what `evo run` accepts. It knows nothing of MkDocs.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from evo.config import Config

Schema = Mapping[str, Any]


class Setting(NamedTuple):
    """One key of the configuration.

    Attributes:
        key: its name within its table.
        values: what it accepts, in words.
        default: as TOML has it; empty where there is none to show.
        description: what it does.
    """

    key: str
    values: str
    default: str
    description: str


class Section(NamedTuple):
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
    settings: tuple[Setting, ...]

    @property
    def title(self) -> str:
        """The section's heading."""
        if not self.table:
            return "Top level"
        return f"`[[{self.table}]]`" if self.is_repeated else f"`[{self.table}]`"

    @property
    def markdown(self) -> str:
        """Heading, description and table."""
        rows = [
            f"| `{setting.key}` | {setting.values} | {setting.default} | {setting.description} |"
            for setting in self.settings
        ]
        anchor = self.table.replace(".", "-") or "top-level"
        return "\n".join(
            [
                f"## {self.title} {{ #{anchor} }}",
                "",
                self.description,
                "",
                "| key | values | default | meaning |",
                "|---|---|---|---|",
                *rows,
                "",
            ]
        )


def sections() -> list[Section]:
    """Every table of the configuration, outermost first."""
    schema = Config.model_json_schema()
    return list(_sections(schema, schema.get("$defs", {}), table="", is_repeated=False))


def markdown() -> str:
    """All tables, as the settings page has them."""
    return "\n".join(section.markdown for section in sections())


def _sections(
    schema: Schema, models: Schema, *, table: str, is_repeated: bool
) -> Iterator[Section]:
    settings: list[Setting] = []
    inner: list[tuple[str, Schema, bool]] = []
    for key, value in schema["properties"].items():
        dotted = f"{table}.{key}" if table else key
        if "$ref" in value:
            inner.append((dotted, _model(value, models), False))
        else:
            settings.append(
                _setting(key, value, table=dotted, is_required=key in _required(schema))
            )
            if "$ref" in value.get("items", {}):
                inner.append((dotted, _model(value["items"], models), True))
    if settings:
        yield Section(table, is_repeated, _one_line(schema), tuple(settings))
    for dotted, model, repeated in inner:
        yield from _sections(model, models, table=dotted, is_repeated=repeated)


def _required(schema: Schema) -> list[str]:
    return schema.get("required", [])


def _model(reference: Schema, models: Schema) -> Schema:
    return models[reference["$ref"].rpartition("/")[2]]


def _setting(key: str, value: Schema, *, table: str, is_required: bool) -> Setting:
    if is_required:
        default = "required"
    elif "default" not in value:
        default = ""  # made from other settings; the description says how
    elif value["default"] is None:
        default = "unset"
    else:
        default = f"`{_toml(value['default'])}`"
    values = f"[tables](#{table.replace('.', '-')})" if _holds_tables(value) else _values(value)
    return Setting(key, values, default, _one_line(value))


def _holds_tables(value: Schema) -> bool:
    return "$ref" in value.get("items", {})


def _values(value: Schema) -> str:
    """The values that a key accepts, in words."""
    if "anyOf" in value:
        given = [option for option in value["anyOf"] if option.get("type") != "null"]
        return " or ".join(_values(option) for option in given)
    if "enum" in value:
        return ", ".join(f"`{json.dumps(choice)}`" for choice in value["enum"])
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


def _toml(value: Any) -> str:
    """A default as one would write it in TOML, in one line."""
    match value:
        case bool() | str():
            return json.dumps(value)
        case float():
            return f"{value:.4g}" if value % 1 else f"{value:.1f}"
        case list():
            return "[" + ", ".join(_toml(item) for item in value) + "]"
        case dict():
            pairs = [f"{key} = {_toml(item)}" for key, item in value.items() if item is not None]
            return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
        case _:
            return str(value)


def _one_line(schema: Schema) -> str:
    return " ".join(str(schema.get("description", "")).split()).replace("|", "\\|")
