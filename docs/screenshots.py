"""Take the pictures of the web view for the documentation, of a real campaign.

Usage: python docs/screenshots.py RUN [FOLDER]; needs chromium.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PANES = ("overview", "front", "family", "candidates")


def main(run: str, folder: Path) -> None:
    """Serve a campaign and take a picture of each pane."""
    program = Path(sys.executable).parent / "evo"
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    serving = subprocess.Popen(
        [program, "view", run, "--no-browser"], stderr=subprocess.PIPE, text=True
    )
    assert serving.stderr is not None
    address = serving.stderr.readline().split()[-1].rstrip("/")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browser_path, args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(address)
            overview = page.url
            for pane in PANES:
                page.goto(overview.replace("/overview", f"/{pane}"))
                page.wait_for_timeout(4000)  # charts, and the names of the baselines
                page.screenshot(path=folder / f"view-{pane}.png")
            browser.close()
    finally:
        serving.terminate()
        serving.wait(timeout=20)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "docs/pictures"))
