"""The README keeps its word: its walk-through is run as it stands, on somebody else's data and script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.doors.cli import NOUNS
from tests.docs.loans import SCRIPT, write_loans

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def walk_through() -> list[tuple[str, int]]:
    """Every line after `$ ` in the README's console blocks, with its exit code (0 unless said)."""
    lines: list[tuple[str, int]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                lines.append((line[2:], 0))
            elif line.startswith("# exit "):
                lines[-1] = (lines[-1][0], int(line.removeprefix("# exit ")))
    return lines


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_walk_through_works_on_a_strangers_data(tmp_path: Path, ssh_keygen: Path) -> None:
    """Each line is typed into a shell, in order, with the files the text says are there."""
    write_loans(tmp_path / "loans.csv")
    (tmp_path / "train_loans.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "config.json").write_text(re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0], encoding="utf-8")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, module in (("qayd", "adapters.doors"), ("qayd-sign", "adapters.identity.sign")):
        (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
        (tools / name).chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("QAYD_")}
    environment = {**kept, "PATH": os.pathsep.join((str(tools), str(BIN), os.environ["PATH"])), "PYTHONPATH": str(ROOT)}
    lines = walk_through()
    assert len(lines) > 25
    for line, code in lines:
        done = subprocess.run(
            ["/bin/sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, f"{line}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / "dossier.html").stat().st_size > 10_000


def test_every_noun_of_the_readme_is_one_of_the_command() -> None:
    """No command is described that is not there."""
    said = {match for match in re.findall(r"`?qayd ([a-z]+) [a-z]", README) if match != "training"}
    assert said <= {*NOUNS, "init", "demo"}


def test_every_link_of_the_readme_leads_somewhere() -> None:
    """Files named in links exist."""
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "test-fast"])
def test_the_make_targets_are_there(target: str) -> None:
    """What README and CONTRIBUTING name can be made."""
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
