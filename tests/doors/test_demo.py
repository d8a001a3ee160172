"""`qayd demo`: it ends as promised, and every line it prints can be typed by somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.doors.demo.story import prepare

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, opa_binary: Path) -> dict[str, str]:
    """What a newcomer's shell has: the two commands on the path, and a real OPA."""
    tools = tmp_path_factory.mktemp("bin")
    for name, module in (("qayd", "adapters.doors"), ("qayd-sign", "adapters.identity.sign")):
        (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
        (tools / name).chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("QAYD_")}
    path = os.pathsep.join((str(tools), str(BIN), os.environ["PATH"]))
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "QAYD_OPA": str(opa_binary)}


def printed(output: str) -> list[tuple[str, int]]:
    """The lines the demonstration ran, each with its exit code."""
    lines: list[tuple[str, int]] = []
    line = ""
    for text in output.splitlines():
        if text.startswith("$ "):
            line = text[2:]
        elif text.startswith("# exit "):
            lines.append((line, int(text.removeprefix("# exit "))))
    return lines


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_demo_tells_its_story_and_its_lines_can_be_typed_again(tmp_path: Path, environment: dict[str, str]) -> None:
    """Every outcome is reached, every attack is caught and named, and a second person gets the same exit codes."""
    command = [sys.executable, "-m", "adapters.doors", "demo", "--directory", str(tmp_path / "first")]
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-3000:]
    lines = printed(told.stdout)
    assert {code for _, code in lines} == {0, 1, 2, 3, 4, 5}
    _check_story(told.stdout, told.stderr)
    _check_privacy(tmp_path / "first", told.stdout + told.stderr)
    prepare(tmp_path / "second")
    for line, code in lines:
        again = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=tmp_path / "second",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert again.returncode == code, f"{line}\n{again.stdout}\n{again.stderr}"


def _check_story(out: str, err: str) -> None:
    """The turns of the story, by the words that name them."""
    for word in (
        "DENY  train  dataset/credit@1",
        "ALLOW  train  dataset/credit@2",
        "INSUFFICIENT  production  model/credit@1",
        "sex.parity_difference is 0.1",
        "age_group.parity_difference is 0.1",
        "CBUAE Guidance Note on AI and Machine Learning, 23 Feb 2026, section 3 (guidance, sourced)",
        "passes at 0.100 or below; not waivable",
        "PENDING  production  model/credit@2",
        "approval.void",
        "configuration",
        "succeeded at retail-credit",
        "replayed allow by opa@",
        "the same answer",
        "DRIFT",
        "now served by human-queue",
        "promotions: approvals, bindings, quorum, duties and claims hold",
    ):
        assert word in out, word
    for word in (
        "by its lineage",
        "approvals are used once",
        "ALTERED at index 12",
        "TRUNCATED at index 20",
    ):
        assert word in err, word


def _check_privacy(directory: Path, printed_text: str) -> None:
    """No name and no identifier of the data is printed, or stands in the ledger's bytes or the trail."""
    first = (directory / "credit.csv").read_text(encoding="utf-8").splitlines()[1:20]
    secrets = {cell for row in first for cell in row.split(",")[:5]} | {"Noura", "Mariam", "Yusuf", "Fatima", "Khalid"}
    assert len(secrets) > 80
    said = "\n".join(line for line in printed_text.splitlines() if not line.startswith("$ "))
    kept = (directory / "qayd" / "ledger.db").read_bytes() + (directory / "trail.zip").read_bytes()
    for secret in secrets:
        assert secret not in said
        assert secret.encode("utf-8") not in kept
