"""Endpoints that speak https with a certificate that is not trusted, or not valid."""

import re
from pathlib import Path

import no_training
import pytest
from asking import ask, reason
from fault_server import FaultServer

from archive.history.reader import Reader
from evo.campaign import process
from evo.campaign.config import Config
from evo.llm.endpoint import EndpointDeadError

pytestmark = pytest.mark.enable_socket

CERTIFICATES = Path(__file__).parent / "certificates"
REFUSALS = {
    "nobody vouches for it": (
        "self-signed",
        None,
        r"self-signed certificate.*\(set SSL_CERT_FILE to a PEM file with the server's certificate",
    ),
    "another is trusted": ("self-signed", "elsewhere", r"\(set SSL_CERT_FILE to a PEM file"),
    "it has expired": (
        "expired",
        "expired",
        r"certificate has expired.*\(renew the server's certificate, or set this machine's clock",
    ),
    "it is not valid yet": ("early", "early", r"not yet valid.*\(is this machine's clock right\?"),
    "it is another server's": (
        "elsewhere",
        "elsewhere",
        r"mismatch.*\(write the name that the certificate is for in base_url",
    ),
    "the file is missing": ("self-signed", "gone", "SSL_CERT_FILE names .*, which does not exist"),
}


def trust(name: str | None, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("SSL_CERT_FILE", raising=False)
    if name is not None:
        patch.setenv("SSL_CERT_FILE", str(CERTIFICATES / f"{name}.pem"))


@pytest.mark.parametrize(("shown", "trusted", "expected"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_certificate_that_is_refused_is_named_with_a_remedy(
    tmp_path, monkeypatch, shown: str, trusted: str | None, expected: str
) -> None:
    trust(trusted, monkeypatch)

    with FaultServer(certificate=CERTIFICATES / f"{shown}.pem").running() as server:
        said = reason(tmp_path, server.url)

    assert re.search(expected, said), said
    assert server.count == 0


def test_the_remedy_helps_also_on_this_machine_where_proxies_do_not_count(
    tmp_path, monkeypatch
) -> None:
    trust("self-signed", monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    with FaultServer(certificate=CERTIFICATES / "self-signed.pem").running() as server:
        exchanges = ask(tmp_path, server.url)

    assert all(exchange.reply for exchange in exchanges)


def test_nothing_is_trained_for_a_server_whose_certificate_has_expired(
    tmp_path, monkeypatch
) -> None:
    trust("expired", monkeypatch)
    with FaultServer(certificate=CERTIFICATES / "expired.pem").running() as server:
        values = no_training.configure(("generations=1",)).model_dump(
            mode="json", exclude={"operators", "portfolio", "llm"}
        )
        model = {"model": "m", "base_url": server.url}
        llm = {"models": [model], "attempts": 1}
        config = Config.model_validate({**values, "llm": llm})
        with (
            no_training.create(tmp_path / "run", config) as history,
            pytest.raises(EndpointDeadError, match="certificate has expired"),
        ):
            process.run_campaign(history, lambda _: None)

    assert Reader.read(tmp_path / "run").generation == -1
    assert not list((tmp_path / "run" / "segments").iterdir())
