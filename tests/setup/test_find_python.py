"""The choice of a Python for a new environment: only one that really runs, and a clear word when there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "find-python"


def find(python: str, path: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHON": python, "PATH": f"{path}:/usr/bin:/bin"}
    return subprocess.run(["/bin/sh", str(TOOL)], env=environment, capture_output=True, text=True, check=False)


def broken_shim(directory: Path, name: str) -> None:
    """A command as version managers leave it: there, but of no use."""
    shim = directory / name
    shim.write_text("#!/bin/sh\necho 'this version is not active' >&2\nexit 127\n")
    shim.chmod(0o755)


def test_a_command_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    """The first usable one of the candidates is taken."""
    broken_shim(tmp_path, "python3.13")
    done = find(f"python3.13 {sys.executable}", tmp_path)
    assert done.returncode == 0
    assert Path(done.stdout.strip()).exists()


def test_without_a_usable_python_it_says_what_it_looked_at(tmp_path: Path) -> None:
    """Each candidate is named with what is wrong with it, and what to do comes last."""
    broken_shim(tmp_path, "python3.13")
    done = find("python3.13 /nowhere/python3", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "python3.13: not found, or it does not run" in done.stderr
    assert "/nowhere/python3: not found" in done.stderr
    assert done.stderr.rstrip().endswith("make PYTHON=/path/to/python3.13 ...")
