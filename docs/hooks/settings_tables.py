"""Markdown tables of every setting, for the settings page.

It knows nothing of MkDocs.
"""

from evo.campaign.config.reference import SettingKey, SettingsTable, sections

__all__ = ["markdown", "sections"]


def markdown() -> str:
    """All tables, as the settings page has them."""
    return "\n".join(map(_section, sections()))


def _section(section: SettingsTable) -> str:
    """Heading, description and table."""
    rows = [
        f"| `{setting.key}` | {_values(section, setting)} | {_default(setting)} "
        f"| {_escaped(setting.description)} |"
        for setting in section.settings
    ]
    anchor = section.table.replace(".", "-") or "top-level"
    title = f"`{section.head}`" if section.head else "Top level"
    return "\n".join(
        [
            f"## {title} {{ #{anchor} }}",
            "",
            _escaped(section.description),
            "",
            "| key | values | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _values(section: SettingsTable, setting: SettingKey) -> str:
    if setting.holds_tables:
        table = f"{section.table}.{setting.key}" if section.table else setting.key
        return f"[tables](#{table.replace('.', '-')})"
    return ", ".join(f"`{choice}`" for choice in setting.choices) or setting.values


def _default(setting: SettingKey) -> str:
    """The default; empty where it is made from other settings, and the description says how."""
    if setting.is_required:
        return "required"
    if setting.default is None:
        return "unset" if setting.is_optional else ""
    return f"`{setting.default}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
