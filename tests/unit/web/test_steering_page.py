"""The page that steers: who may send a form, and that it does what `evo ctl` does."""

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from support.web import Answer, Visitor

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.changes import change
from evo.monitoring.control.server import listening
from evo.web.security import form_token

TOKEN = "s3cret-of-the-view"


@pytest.fixture
def folder(runs, tmp_path) -> Path:
    return Path(shutil.copytree(runs / "small", tmp_path / "small"))


@pytest.fixture
def running(folder) -> Iterator[Path]:
    with History.open(folder) as history, listening(history, print):
        yield folder


@pytest.fixture
def visitor(folder) -> Visitor:
    return Visitor(folder, token=TOKEN, allow_control=True)


GOOD = {
    "cookie": f"evo-view={TOKEN}",
    "origin": "http://127.0.0.1:80",
    "content_type": "application/x-www-form-urlencoded",
    "sec_fetch_site": "same-origin",
}


def sent(visitor: Visitor, *, headers: dict[str, str] | None = None, **form: str) -> Answer:
    body = urlencode({"token": form_token(TOKEN), **form}).encode()
    known = {**GOOD, **(headers or {})}
    return visitor.get(
        "/c/small/steer",
        method="POST",
        body=body,
        **{name: value for name, value in known.items() if value},
    )


def test_a_form_of_the_page_is_a_command_once(visitor, running) -> None:
    page = visitor.get("/c/small/steer", cookie=GOOD["cookie"]).text
    key = re.findall(r'name="key" value="([0-9a-f]{32})"', page)[0]

    answer = sent(visitor, verb="budget", argument="hours=5 trainings=900", key=key)
    again = sent(visitor, verb="budget", argument="hours=5 trainings=900", key=key)

    assert answer.status == 200
    assert "llm.budget.hours = 5" in answer.text
    assert "It was carried out before." in again.text
    (change,) = Reader.read(running).changes
    assert change.settings == {"llm.budget.hours": 5.0, "llm.budget.trainings": 900}
    assert "budget hours=5 trainings=900" in again.text


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": ""},
        {"cookie": "evo-view=guess"},
        {"origin": ""},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:8080"},
        {"origin": "http://127.0.0.1:80.evil.example"},
        {"origin": "http://["},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"content_type": "text/plain"},
        {"content_type": ""},
    ],
)
def test_a_form_from_anywhere_else_is_refused(visitor, running, headers) -> None:
    assert sent(visitor, headers=headers, verb="workers", argument="3").status == 403
    assert Reader.read(running).changes == ()


@pytest.mark.parametrize("token", ["", "guess", TOKEN])
def test_a_form_without_its_own_token_is_refused(visitor, running, token) -> None:
    assert sent(visitor, token=token, verb="workers", argument="3").status == 403
    assert Reader.read(running).changes == ()


def test_the_token_in_an_address_steers_nothing(visitor, running) -> None:
    query = urlencode({"verb": "workers", "argument": "3", "token": form_token(TOKEN)})

    for address in (f"/c/small/steer?{query}", f"/c/small/steer?token={TOKEN}&{query}"):
        for method in ("GET", "HEAD"):
            assert visitor.get(address, method=method, cookie=GOOD["cookie"]).status in (200, 303)
    assert Reader.read(running).changes == ()


@pytest.mark.parametrize("address", ["/", "/c/small/overview", "/c/small/steer/x", "/events"])
def test_no_other_address_takes_a_form(visitor, address) -> None:
    assert visitor.get(address, method="POST", **GOOD).status == 405


def test_a_view_without_control_has_neither_page_nor_form(folder) -> None:
    visitor = Visitor(folder)

    assert visitor.get("/c/small/steer").status == 404
    assert sent(visitor, verb="workers", argument="3").status == 405
    assert "steer" not in visitor.get("/c/small/overview").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"verb": "jump"}, "Unknown command"),
        ({"verb": "workers", "argument": "many"}, "Expected a whole number"),
        ({"verb": "hint", "argument": "x", "generations": "-1"}, "Expected a number of"),
        ({"verb": "pin", "argument": "<script>alert(1)</script>"}, "&lt;script&gt;"),
        ({}, "Unknown command"),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page(visitor, running, form, words) -> None:
    answer = sent(visitor, **form)

    assert answer.status == 200
    assert words in answer.text
    assert "<script>alert" not in answer.text
    assert Reader.read(running).changes == ()


def test_too_long_a_form_is_refused(visitor, running) -> None:
    assert sent(visitor, verb="hint", argument="x" * 9000).status == 413


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ({"verb": "pause"}, "pause"),
        ({"verb": "budget", "argument": "hours=5 dollars=+2"}, "budget hours=5 dollars=+2"),
        (
            {"verb": "hint", "argument": "It's a try.", "generations": "3"},
            "hint 'It'\"'\"'s a try.' --generations=3",
        ),
    ],
)
def test_of_a_campaign_that_does_not_run_it_gives_the_command_line(
    visitor, folder, monkeypatch, form, line
) -> None:
    monkeypatch.chdir(folder.parent)

    answer = unescape(sent(visitor, **form).text)

    assert "No process here runs this campaign. Nothing changed." in answer
    assert f"<pre>evo ctl small {line}</pre>" in answer
    assert Reader.read(folder).changes == ()


def test_of_a_campaign_that_does_not_run_it_has_no_form(visitor, folder, tmp_path) -> None:
    page = visitor.get("/c/small/steer", cookie=GOOD["cookie"]).text

    assert "This campaign has finished" in page
    assert f"<pre>evo ctl {folder} COMMAND\nevo resume {folder} --generations +10</pre>" in page
    assert '<form method="post"' not in page
    with History.open(folder) as history:
        change(history, {"generations": "+1"}, check=lambda _: None)
    page = visitor.get("/c/small/steer", cookie=GOOD["cookie"]).text
    assert "This campaign does not run" in page
    assert f"COMMAND\nevo resume {folder}</pre>" in page
    with History.open(folder) as history, listening(history, print):
        assert '<form method="post"' in visitor.get("/c/small/steer", cookie=GOOD["cookie"]).text


def test_pages_with_forms_say_where_they_come_from_and_others_do_not(visitor, folder) -> None:
    page = visitor.get("/c/small/steer", cookie=GOOD["cookie"])

    assert page.headers["referrer-policy"] == "same-origin"  # else a form's origin is "null"
    assert Visitor(folder).get("/c/small/overview").headers["referrer-policy"] == "no-referrer"
