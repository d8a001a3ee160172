"""A private OPA server for the time of one command: on loopback, behind a token, gone afterwards."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import weakref
from pathlib import Path

from adapters.policy.answer import HINT, ROOT
from adapters.policy.namespace import Published, publish_as
from adapters.policy.server_opa import Endpoint
from governance.bundle import Bundle
from governance.errors import PolicyFault

SECONDS_TO_START = 15.0
SECONDS_TO_STOP = 5.0
ATTEMPTS = 3
POLICIES = "policies"
LOG = "log"
_HINT = "install OPA 1.x and name it with QAYD_OPA, give a server with QAYD_OPA_URL, or use `--engine regorus`"

_GUARD = """package system.authz

default allow := false

allow if input.identity == "{token}"
"""


def find_opa(binary: str | None = None) -> Path | None:
    """The OPA program: the one named, else one on the path; None where there is none."""
    found = shutil.which(binary or "opa")
    return Path(found).absolute() if found else None


class LocalOpa:
    """A running OPA server of our own that has loaded a bundle, under the name `publish_as` gives it.

    Stopped by `close`, when it is collected, or when Python ends. Raises PolicyFault when the program does not start,
    or the bundle does not compile.
    """

    def __init__(self, binary: Path, bundle: Bundle, *, seconds: float = SECONDS_TO_START) -> None:
        token = secrets.token_hex(32)
        self._directory = Path(tempfile.mkdtemp(prefix="qayd-opa-"))
        try:
            _write(self._directory, publish_as(bundle), token)
            self._process, url = _start(binary, self._directory, seconds)
        except BaseException:
            shutil.rmtree(self._directory)
            raise
        self.endpoint = Endpoint(url, token=token)
        self._finalizer = weakref.finalize(self, _stop, self._process, self._directory)

    def close(self) -> None:
        """Stop the server and remove its files; a second time does nothing."""
        self._finalizer()

    def __enter__(self) -> LocalOpa:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _write(directory: Path, published: Published, token: str) -> None:
    """Lay out what the server loads: the guard that asks for the token, and the bundle in its own folder."""
    files = {"authz.rego": _GUARD.format(token=token), f"{published.root}/data.json": json.dumps(published.data)}
    files |= {identity: text for identity, _, text in published.modules}
    for name, text in files.items():
        path = directory / POLICIES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _start(binary: Path, directory: Path, seconds: float) -> tuple[subprocess.Popen[bytes], str]:
    """A server that answers, and its URL. A port may be taken between finding and using it, so we try again."""
    said = ""
    for _ in range(ATTEMPTS):
        port = _free_port()
        process = _spawn(binary, directory, port)
        if _answers(process, port, seconds):
            return process, f"http://127.0.0.1:{port}"
        _end(process)
        said = _said(directory)
        if "address already in use" not in said:
            break
    if "rego_" in said:
        raise PolicyFault(f"the policy does not compile: {said}", HINT)
    raise PolicyFault(f"{binary} does not run as an OPA server: {said or 'it said nothing'}", _HINT)


def _said(directory: Path) -> str:
    """The last line the server wrote that is no log entry: for policies that do not compile, file and line."""
    lines = (directory / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    words = [line for line in lines if line.strip() and not line.startswith("{")] or lines
    return re.sub(rf"{ROOT}_[0-9a-f]{{32}}/", "", words[-1])[:300] if words else ""


def _spawn(binary: Path, directory: Path, port: int) -> subprocess.Popen[bytes]:
    command = [
        *(str(binary), "run", "--server", "--addr", f"127.0.0.1:{port}", "--skip-version-check"),
        *("--authentication", "token", "--authorization", "basic", "--log-level", "error", "."),
    ]
    with (directory / LOG).open("wb") as output:
        try:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={}, cwd=directory / POLICIES
            )
        except OSError as error:
            raise PolicyFault(f"{binary} cannot be run: {error.strerror}", _HINT) from error


def _answers(process: subprocess.Popen[bytes], port: int, seconds: float) -> bool:
    """True once somebody listens on the port, False when the program ended or the time is up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return process.poll() is None
        except OSError:
            time.sleep(0.02)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stop(process: subprocess.Popen[bytes], directory: Path) -> None:
    _end(process)
    shutil.rmtree(directory, ignore_errors=True)
