"""An OPA server that is not there, not one, slow, locked or meddled with: always a fault, never an answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.policy.local_opa import LocalOpa, find_opa
from adapters.policy.namespace import publish_as
from adapters.policy.server_opa import Endpoint, OpaEngine
from governance.bundle import Bundle
from governance.errors import InputError, PolicyFault
from tests.policies.inputs import small


def test_an_unreachable_server_is_a_fault(bundle: Bundle) -> None:
    """Nobody listens: the message says so, the hint says what else there is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(PolicyFault, match="cannot be reached") as caught:
            OpaEngine(Endpoint(url, timeout=2), bundle)
    assert "regorus" in caught.value.hint


def test_a_server_that_never_answers_is_a_fault(bundle: Bundle) -> None:
    """It accepts and stays silent: given up after the time allowed."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(PolicyFault, match=r"did not answer in 0\.2 s"):
            OpaEngine(Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2), bundle)


@contextmanager
def web_server(status: int, body: bytes) -> Iterator[str]:
    """A server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = _answer  # noqa: N815 - the names the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>welcome</html>"),
        (404, b"{}"),
        (200, b"{}"),
        (200, b'{"result": true}'),
        (200, b"[]"),
        (401, b'{"code": "unauthorized", "message": "no"}'),
        (500, b"oops"),
        (204, b""),
    ],
)
def test_what_is_no_opa_is_a_fault(bundle: Bundle, status: int, body: bytes) -> None:
    """Whatever else listens there, its answers are not taken for a policy's."""
    with web_server(status, body) as url, pytest.raises(PolicyFault):
        OpaEngine(Endpoint(url, timeout=2), bundle)


def test_a_server_that_wants_a_token_is_a_fault_without_it(opa_server: LocalOpa, bundle: Bundle) -> None:
    """Our own server answers nobody else on the machine."""
    with pytest.raises(PolicyFault):
        OpaEngine(replace(opa_server.endpoint, token=None), bundle)


def test_an_untrusted_certificate_is_a_fault(bundle: Bundle) -> None:
    """Plain HTTP behind https:// is no TLS, and nothing is sent after."""
    with web_server(200, b"{}") as url, pytest.raises(PolicyFault, match="TLS"):
        OpaEngine(Endpoint(url.replace("http:", "https:"), timeout=2), bundle)


@pytest.mark.parametrize(
    "url",
    [
        "opa.example",
        "ftp://opa.example",
        "http://",
        "http://user:secret@opa.example",
        "http://opa.example/v1",
        "http://opa.example:99999",
        "http://[::1",
    ],
)
def test_a_url_that_is_none_is_refused(url: str, bundle: Bundle) -> None:
    """Scheme, host, port and nothing else; a password in it is not repeated."""
    with pytest.raises(InputError) as caught:
        OpaEngine(Endpoint(url), bundle)
    assert "secret" not in str(caught.value)


def test_a_module_changed_behind_our_back_is_put_right(opa_server: LocalOpa, bundle: Bundle, good: Any) -> None:
    """What stands under our name is read back and compared, and published again where it differs."""
    complains = (
        "package qayd.controls.fairness\n\nimport data.qayd.lib.finding\n\n"
        'findings contains finding.violated("CB-AI-F", {"value": "own"}) if true\n'
    )
    own = small(bundle, {"controls/fairness/fairness.rego": complains})
    OpaEngine(opa_server.endpoint, own).close()
    published = publish_as(own)
    identity = next(name for name, path, _ in published.modules if path == "controls/fairness/fairness.rego")
    gutted = f"package {published.root}.controls.fairness\n\nfindings contains 1 if false\n"
    headers = {"Authorization": f"Bearer {opa_server.endpoint.token}"}
    requests.put(
        f"{opa_server.endpoint.url}/v1/policies/{identity}", data=gutted, headers=headers, timeout=5
    ).raise_for_status()
    engine = OpaEngine(opa_server.endpoint, own)
    assert [finding["value"] for finding in engine.evaluate("train", good["train"])] == ["own"]


def test_a_server_that_forgets_is_a_fault(opa_binary: Path, bundle: Bundle, good: Any) -> None:
    """A server restarted after we published gives an undefined decision, and that is no allowance."""
    with LocalOpa(opa_binary, bundle) as server:
        engine = OpaEngine(server.endpoint, bundle)
        published = publish_as(bundle)
        identity = next(name for name, path, _ in published.modules if path == "main/main.rego")
        requests.delete(
            f"{server.endpoint.url}/v1/policies/{identity}",
            headers={"Authorization": f"Bearer {server.endpoint.token}"},
            timeout=5,
        ).raise_for_status()
        with pytest.raises(PolicyFault, match="no answer"):
            engine.evaluate("train", good["train"])
    with pytest.raises(PolicyFault, match="cannot be reached"):
        engine.evaluate("train", good["train"])
    engine.close()


def test_a_program_that_is_no_opa_is_a_fault(tmp_path: Path, bundle: Bundle) -> None:
    """It ends at once, or cannot be run at all: named, with what to do, and nothing left behind."""
    with pytest.raises(PolicyFault, match="does not run as an OPA server"):
        LocalOpa(Path("/bin/false"), bundle)
    text = tmp_path / "opa"
    text.write_text("no program")
    with pytest.raises(PolicyFault, match="cannot be run"):
        LocalOpa(text, bundle)


def test_the_program_is_found_by_name_or_not_at_all(opa_binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one named, else the one on the path, else none."""
    assert find_opa(str(opa_binary)) == opa_binary.absolute()
    assert find_opa("/nowhere/opa") is None
    monkeypatch.setenv("PATH", str(opa_binary.parent))
    assert find_opa() == opa_binary.absolute()


def test_references_by_brackets_are_refused(bundle: Bundle) -> None:
    """A reference that cannot be moved to the bundle's own name would read somebody else's policies."""
    with pytest.raises(PolicyFault, match="brackets"):
        publish_as(small(bundle, {"lib/odd.rego": 'package qayd.lib.odd\n\nx := data["qayd"].params\n'}))
