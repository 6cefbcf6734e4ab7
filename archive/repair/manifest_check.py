"""Check a campaign's manifest against its two other files, and restore any one of the three."""

from contextlib import suppress

from archive.history.manifest import CAMPAIGN_FORMAT, Manifest, manifest_of, read_json
from archive.repair.inspection import Inspection
from archive.store import journal, segment
from evo.core.errors import HistoryError, unknown_format


def check_manifest(inspection: Inspection) -> Manifest | None:
    """Check the manifest.

    Returns:
        The manifest, or None where there is none to check the other files by.

    Raises:
        HistoryError: the folder is no campaign.
        FormatError: the campaign has another format.
    """
    path = inspection.folder / "campaign.json"
    if not path.exists() and not inspection.segments.is_dir():
        raise HistoryError(
            f"{inspection.folder} is no campaign: it has no campaign.json and no segments. "
            "Check the path."
        )
    try:
        content = read_json(path)
    except HistoryError:
        content = {}
    if (version := content.get("format", CAMPAIGN_FORMAT)) != CAMPAIGN_FORMAT:
        raise unknown_format(inspection.folder, version, known=CAMPAIGN_FORMAT)
    manifest = manifest_of(content)
    if manifest is None:
        return _restored(inspection)
    for name, problem in manifest.differing(inspection.folder).items():
        inspection.find(name, problem, "restored from campaign.json")
        if inspection.repairs:
            inspection.set_aside(inspection.folder / name)
            manifest.write(inspection.folder)
    return manifest


def _restored(inspection: Inspection) -> Manifest | None:
    """The manifest from its other two files, if journal or segments carry the same id."""
    problem = (
        "it is missing" if not (inspection.folder / "campaign.json").exists() else "it is damaged"
    )
    try:
        config, environment = (
            read_json(inspection.folder / name) for name in ("config.json", "environment.json")
        )
    except HistoryError as error:
        inspection.find("campaign.json", f"{problem}, and {error}", "")
        return None
    manifest = Manifest(config, environment)
    if manifest.id not in _ids(inspection):
        mismatch = "config.json and environment.json do not match the id of any other file"
        inspection.find("campaign.json", f"{problem}, and {mismatch}", "")
        return None
    inspection.find("campaign.json", problem, "restored from config.json and environment.json")
    if inspection.repairs:
        inspection.set_aside(inspection.folder / "campaign.json")
        manifest.write(inspection.folder)
    return manifest


def _ids(inspection: Inspection) -> set[str]:
    """Ids of campaigns that journal and segments carry."""
    ids: set[str] = set()
    with suppress(HistoryError):
        ids.add(journal.read_journal(inspection.folder / "journal").campaign)
    for path in sorted(inspection.segments.glob("*.h5")):
        ids.add(segment.campaign_of(path))
    return ids
