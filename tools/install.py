"""Builds the virtual environment `.venv` from the lock files; the second run finds its stamp and does nothing.

    python tools/install.py run     what `qayd` needs
    python tools/install.py test    that, and what the checks need

Runs on a bare Python 3.11 to 3.13: standard library only. Packages come from wherever pip is configured to look;
nothing of that configuration is changed. Every file is checked against the hash in its lock.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "qayd-installed.json"
TOOLS = ROOT / ".tools"
LOCKS = {"run": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}
UV_LOCK = ROOT / "requirements-uv.lock"

# pip's setting -> uv's variable for the same thing. uv does not read pip's configuration by itself.
PIP_TO_UV = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY"),
    "no-index": ("UV_NO_INDEX",),
    "find-links": ("UV_FIND_LINKS",),
}


def main() -> int:
    """Installs the set named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build .venv from the lock files.")
    parser.add_argument("set", choices=sorted(LOCKS))
    wanted = parser.parse_args().set
    if shutil.which("git") is None:
        return fail("git is not installed; Qayd records the revision of each training script", "install git")
    with one_at_a_time():
        if not venv_usable():
            make_venv()
        wanted = "test" if installed_set() == "test" else wanted
        if is_current(wanted):
            return 0
        return install(wanted)


def install(wanted: str) -> int:
    """Installs packages, then the project; writes the stamp last, so a broken run is repeated."""
    STAMP.unlink(missing_ok=True)
    started = time.monotonic()
    lock = LOCKS[wanted]
    say(f"installing the packages of {lock.name} into .venv ...")
    uv = install_uv()
    if not (uv and with_uv(uv, lock)) and not with_pip(lock):
        return fail(
            f"the packages of {lock.name} could not be installed",
            "read the lines above; is a package index reachable?",
        )
    if not install_project(uv):
        return fail("the project itself could not be installed", "read the lines above, then try: make clean")
    STAMP.write_text(json.dumps({"set": wanted, "digest": digest(), "python": version_of(PYTHON)}) + "\n")
    say(f"installed in {time.monotonic() - started:.0f} s")
    return 0


# -- the virtual environment ---------------------------------------------------------------------------------


def venv_usable() -> bool:
    """True when .venv runs, has pip, stands where it was made, and has the Python version asked for, if any was."""
    if not PYTHON.exists():
        return False
    home = run_quietly([PYTHON, "-c", "import sys, pip; print(sys.prefix)"])
    if home is None or Path(home).resolve() != VENV.resolve() or not _where_it_was_made():
        return False
    version = version_of(PYTHON)
    if not (3, 11) <= tuple(int(part) for part in version.split(".")[:2]) <= (3, 13):
        return False
    return "PYTHON" not in os.environ or version == version_of(Path(sys.executable))


def _where_it_was_made() -> bool:
    # The scripts of an environment name its folder in full: one that was moved or copied must be made again.
    activate = VENV / "bin" / "activate"
    return activate.exists() and str(VENV) in activate.read_text(errors="replace")


def make_venv() -> None:
    """Makes an empty .venv with the interpreter that runs this script."""
    say(f"making .venv with Python {version_of(Path(sys.executable))} ({sys.executable})")
    if VENV.exists():
        shutil.rmtree(VENV)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)


def version_of(python: Path) -> str:
    """The full version of an interpreter, "3.12.1"."""
    return run_quietly([python, "-c", "import platform; print(platform.python_version())"]) or "0.0"


# -- the stamp -----------------------------------------------------------------------------------------------


def digest() -> str:
    """Digest of all that decides what an installation holds: locks, metadata of the project, place."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = [project["build-system"], project["project"], project["tool"].get("setuptools", {}), str(VENV)]
    state = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    for lock in (*LOCKS.values(), Path(__file__)):
        state.update(lock.read_bytes())
    return state.hexdigest()


def installed_set() -> str | None:
    """Which set the environment holds, "run" or "test", current or not; None when nothing was finished."""
    with contextlib.suppress(OSError, ValueError):
        return str(json.loads(STAMP.read_text())["set"])
    return None


def is_current(wanted: str) -> bool:
    """True when the environment holds the wanted set exactly as locked."""
    with contextlib.suppress(OSError, ValueError):
        stamp = json.loads(STAMP.read_text())
        same = stamp["digest"] == digest() and stamp["python"] == version_of(PYTHON)
        return bool(same and stamp["set"] in (wanted, "test"))
    return False


# -- installing ----------------------------------------------------------------------------------------------


def install_uv() -> Path | None:
    """The locked uv, an installer much faster than pip; None when it cannot be had here (pip will do)."""
    uv = TOOLS / "uv" / "bin" / "uv"
    pinned = UV_LOCK.read_text().split("==", 1)[1].split()[0]
    if (run_quietly([uv, "--version"]) or "").split()[1:2] == [pinned]:
        return uv
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--upgrade",
    ]
    command += ["--require-hashes", "--only-binary=:all:", "--target", TOOLS / "uv", "-r", UV_LOCK]
    return uv if run(command) and run_quietly([uv, "--version"]) else None


def with_uv(uv: Path, lock: Path) -> bool:
    """Makes the environment hold exactly the lock's packages; False when uv failed."""
    command: list[str | Path] = [uv, "pip", "sync", "--require-hashes", "--compile-bytecode", "--python", PYTHON, lock]
    done = run(command if sys.stderr.isatty() else [*command, "--quiet"], uv_environment())
    if not done:
        say("uv could not install everything; trying pip, which takes longer ...")
    return done


def with_pip(lock: Path) -> bool:
    """Installs the lock's packages with pip; False when pip failed."""
    command: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    return run([*command, "--require-hashes", "--no-deps", "-r", lock])


def install_project(uv: Path | None) -> bool:
    """Installs the project from this folder, editable, built by the locked setuptools: no download."""
    options: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", ROOT]
    if uv and run([uv, "pip", "install", "--quiet", "--python", PYTHON, *options], uv_environment()):
        return True
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-index",
    ]
    return run([*command, *options])


def uv_environment() -> dict[str, str]:
    """The environment for uv: the user's own, with pip's settings handed on where uv has none of its own."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    if not sys.stderr.isatty():
        environment["UV_NO_PROGRESS"] = "1"
    for line in (run_quietly([PYTHON, "-m", "pip", "config", "list"]) or "").splitlines():
        key, _, value = line.partition("=")
        for name in PIP_TO_UV.get(key.rsplit(".", 1)[-1], ()):
            setting = " ".join(shlex.split(value))
            if name == "UV_FIND_LINKS":
                setting = ",".join(place for place in setting.split() if "://" in place or Path(place).is_dir())
            if setting:
                environment.setdefault(name, setting)
    return environment


# -- running -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two `make` in the same folder must not build one environment at once."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "install.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> bool:
    """Runs a command, its output where ours goes; True when it succeeded."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=False).returncode == 0


def run_quietly(command: Sequence[str | Path]) -> str | None:
    """What a command prints, stripped; None when it fails or cannot be started."""
    with contextlib.suppress(OSError):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None
    return None


def say(line: str) -> None:
    """One line of progress, on stderr."""
    print(f"set-up: {line}", file=sys.stderr, flush=True)


def fail(what: str, hint: str) -> int:
    """Says what went wrong and what to do next; the exit code for it."""
    say(f"FAILED: {what}\n        {hint}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
