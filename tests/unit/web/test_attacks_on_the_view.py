"""Hostile text, addresses and visitors: nothing runs, nothing outside the campaigns is read."""

import json
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from support.hostile_campaign import ATTACK, MARKUP
from support.web import Visitor

from evo.web.panes import PANES
from evo.web.places import Places, key_of


@pytest.fixture(scope="module")
def visitor(hostile):
    return Visitor(hostile.parent)


@pytest.fixture(scope="module")
def key(hostile):
    return key_of(hostile.name)


class Tags(HTMLParser):
    """The tags of a page, as a browser would read them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def assert_inert(text: str) -> None:
    assert "\u202e" not in text
    for tag, attributes in Tags(text).tags:
        assert tag not in ("img", "svg", "iframe", "object", "base", "style")
        assert not [name for name in attributes if name.startswith("on")]
        addresses = [attributes.get(name) or "" for name in ("href", "src", "action")]
        assert all(address.startswith(("/", "?", "#")) or not address for address in addresses)
        if tag == "script":
            assert addresses[1].startswith("/static/view.js")


def test_the_check_of_pages_sees_an_attack():
    for markup in ("<b onclick=x>", "<script>x</script>", "<a href='javascript:x'>", "<img src=x>"):
        with pytest.raises(AssertionError):
            assert_inert(markup)


@pytest.mark.parametrize("pane", PANES)
def test_no_pane_has_markup_of_a_candidate(visitor, key, pane):
    page = visitor.get(f"/c/{key}/{pane}")

    assert page.status == 200
    assert_inert(page.text)


def test_the_page_of_a_hostile_candidate_shows_its_text_and_runs_none(visitor, key):
    drawn = visitor.get(f"/c/{key}/candidates?status=full").text
    address = re.search(r'data-href="([^"]+)"', drawn)

    page = visitor.get(address[1])

    assert page.status == 200
    assert_inert(page.text)
    for text in ("window.attacked=1", "{{ 7 * 7 }}", "⟨U+202E⟩", "⟨U+001B⟩", "system prompt"):
        assert text in page.text


@pytest.mark.parametrize("figure", ["family", "front", "map", "shares", "contributions", "fitness"])
def test_no_label_of_a_figure_is_markup(visitor, key, figure):
    by = "?by=model" if figure in ("shares", "contributions") else ""

    drawn = visitor.get(f"/c/{key}/figures/{figure}.json{by}")

    assert "attacked" in drawn.text
    assert not [markup for markup in MARKUP if markup in drawn.text.lower()]
    json.dumps(drawn.json, allow_nan=False)


@pytest.mark.parametrize("parameter", ["q", "status", "operator", "sort", "measure", "of", "with"])
@pytest.mark.parametrize("pane", ["candidates", "front", "family", "compare"])
def test_no_parameter_of_an_address_becomes_markup(visitor, key, pane, parameter):
    page = visitor.get(f"/c/{key}/{pane}?{parameter}={quote(ATTACK.encode('utf-8', 'replace'))}")

    assert_inert(page.text)


@pytest.mark.parametrize(
    "address",
    [
        "/c/../../etc/passwd",
        "/c/%2e%2e/overview",
        "/c/../overview",
        "/c//etc/overview",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/../../../pyproject.toml",
        "/charts/../app.py",
        "/c/small/candidate/../../../etc/passwd",
        "/c/small/figures/..%2f..%2fapp.json",
    ],
)
def test_no_address_leads_out_of_the_campaigns(runs, address):
    answer = Visitor(runs).get(address)

    assert answer.status == 404
    assert "root:" not in answer.text
    assert "Starlette(" not in answer.text


def test_a_link_out_of_the_folder_is_not_followed(runs, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "out").symlink_to(runs / "small")
    (tmp_path / "runs" / "loop").symlink_to(tmp_path / "runs")

    assert Places([str(tmp_path / "runs")]).campaigns() == {}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_view_takes_nothing(runs, method):
    assert Visitor(runs).get("/c/small/overview", method=method).status == 405


@pytest.mark.parametrize("address", ["/", "/c/small/log", "/nothing", "/static/view.js"])
def test_every_answer_forbids_scripts_and_requests_elsewhere(runs, address):
    policy = Visitor(runs).get(address).headers["content-security-policy"]

    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == parts["connect-src"] == "'self'"
    assert "unsafe" not in parts["style-src"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
def test_a_page_elsewhere_cannot_reach_a_view_by_a_name_of_its_own(runs, host):
    assert Visitor(runs).get("/c/small/overview", host=host).status == 421


class TestAViewThatOthersCanReach:
    @pytest.fixture
    def guarded(self, runs):
        return Visitor(runs, hosts=frozenset(), token="secret")

    @pytest.mark.parametrize("address", ["/", "/c/small/log", "/static/view.js", "/events"])
    def test_it_refuses_who_brings_no_token(self, guarded, address):
        assert guarded.get(address).status == 403
        assert guarded.get(f"{address}?token=other").status == 403
        assert guarded.get(address, cookie="evo-view=other").status == 403

    def test_it_keeps_the_token_in_a_cookie_and_out_of_the_address(self, guarded):
        first = guarded.get("/c/small/log?token=secret&generation=2")

        assert first.status == 303
        assert first.headers["location"] == "/c/small/log?generation=2"
        assert "httponly" in first.headers["set-cookie"].lower()
        assert guarded.get("/c/small/log", cookie="evo-view=secret").status == 200

    def test_it_sends_nobody_to_another_host(self, guarded):
        location = guarded.get("//evil.example/?token=secret").headers["location"]

        assert location.startswith("/evil.example")
