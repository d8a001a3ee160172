"""A private OPA server for the time of one command: on loopback, behind a token, gone afterwards."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import weakref
from pathlib import Path

from adapters.policy.server_opa import Endpoint
from governance.errors import PolicyFault

SECONDS_TO_START = 15.0
SECONDS_TO_STOP = 5.0
ATTEMPTS = 3
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
    """A running OPA server of our own. Stopped by `close`, when it is collected, or when Python ends.

    Raises PolicyFault when the program does not start or does not answer.
    """

    def __init__(self, binary: Path, *, seconds: float = SECONDS_TO_START) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="qayd-opa-"))
        token = secrets.token_hex(32)
        guard = self._directory / "authz.rego"
        guard.touch(mode=0o600)
        guard.write_text(_GUARD.format(token=token), encoding="utf-8")
        try:
            self._process, url = _start(binary, guard, self._directory / "log", seconds)
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


def _start(binary: Path, guard: Path, log: Path, seconds: float) -> tuple[subprocess.Popen[bytes], str]:
    """A server that answers, and its URL. A port may be taken between finding and using it, so we try again."""
    for _ in range(ATTEMPTS):
        port = _free_port()
        process = _spawn(binary, guard, log, port)
        if _answers(process, port, seconds):
            return process, f"http://127.0.0.1:{port}"
        _end(process)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"]
    raise PolicyFault(f"{binary} does not run as an OPA server: {said[-1][:200]}", _HINT)


def _spawn(binary: Path, guard: Path, log: Path, port: int) -> subprocess.Popen[bytes]:
    command = [
        *(str(binary), "run", "--server", "--addr", f"127.0.0.1:{port}", "--skip-version-check"),
        *("--authentication", "token", "--authorization", "basic", "--log-level", "error", str(guard)),
    ]
    with log.open("wb") as output:
        try:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={}, cwd=guard.parent
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
