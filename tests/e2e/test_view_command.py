"""`evo view` and `evo report` as commands: addresses, signals, files."""

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from support.command import Evo, start_evo


def _address(process) -> str:
    line = process.stderr.readline()
    assert line.startswith("Serving http://"), line
    return line.split()[1]


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.read().decode()


def _end(process, by: signal.Signals) -> None:
    """Stop a view by a signal, which it takes in order."""
    process.send_signal(by)
    assert process.wait(timeout=60) == 0
    assert "Traceback" not in process.stderr.read()


@pytest.mark.enable_socket
def test_a_view_serves_a_campaign_until_ctrl_c(finished_run, workplace: Path) -> None:
    process = start_evo("view", finished_run, "--no-browser", cwd=workplace)
    address = _address(process)

    assert address.startswith("http://127.0.0.1:")
    assert "Best so far" in _get(address)
    events = urllib.request.urlopen(f"{address}c/{finished_run}/events", timeout=30)
    assert events.readline() == b"retry: 2000\n"
    _end(process, signal.SIGINT)


@pytest.mark.enable_socket
def test_a_view_that_others_can_reach_asks_for_its_token_until_sigterm(
    finished_run, workplace: Path
) -> None:
    process = start_evo("view", finished_run, "--no-browser", "--host", "0.0.0.0", cwd=workplace)
    address = _address(process).replace("0.0.0.0", "127.0.0.1")
    page, _, token = address.partition("?token=")
    known = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    assert token
    with pytest.raises(urllib.error.HTTPError, match="403"):
        _get(page)
    assert b"Best so far" in known.open(address, timeout=30).read()
    events = known.open(f"{page}c/{finished_run}/events", timeout=30)
    assert events.readline() == b"retry: 2000\n"
    _end(process, signal.SIGTERM)


@pytest.mark.enable_socket
def test_an_address_that_cannot_be_listened_on_is_an_error(evo: Evo, finished_run: str) -> None:
    done = evo("view", finished_run, "--no-browser", "--host", "203.0.113.1")

    assert done.code == 2
    assert "Cannot listen on 203.0.113.1" in done.err


@pytest.mark.heavy(quick="test_documents.py::test_a_page_holds_its_pictures_and_asks_for_nothing")
def test_a_report_is_one_file(evo: Evo, finished_run: str, workplace: Path) -> None:
    done = evo("report", finished_run, "-o", "kept.html")
    status = json.loads(evo("status", finished_run, "--json").out)
    page = (workplace / "kept.html").read_text()

    assert done.code == 0, done.err
    assert status["best"]["id"] in page
    assert page.count("data:image/svg+xml;base64,") == 6


def test_a_report_in_a_format_that_is_unknown_is_refused(evo: Evo, finished_run: str) -> None:
    done = evo("report", finished_run, "--format", "pdf")

    assert done.code == 2
    assert "html, md, latex" in done.err
