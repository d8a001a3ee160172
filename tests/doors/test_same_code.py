"""Evidence is measured only with the code and the software that the training run recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.datasets.digest import digest_file
from adapters.operations.evidence import _other_code
from adapters.settings import base_environment
from adapters.training.local_process import TrainingPlan, prepare


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a run of `python train.py` here would record before it starts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("print('training')\n")
    data = tmp_path / "rows.csv"
    data.write_text("a,b\n1,2\n")
    plan = TrainingPlan(
        command=("python3", "train.py", "{data}"),
        data=data,
        data_digest=digest_file(data).digest,
        out=tmp_path / "out",
        seed=0,
        directory=tmp_path,
        environment=base_environment(),
    )
    return dict(prepare(plan).document())


def test_the_same_code_and_software_may_measure(recorded: dict[str, Any]) -> None:
    """Nothing changed, nothing to complain of."""
    assert _other_code(recorded) == ""


def test_another_script_may_not(recorded: dict[str, Any], tmp_path: Path) -> None:
    """Changed or gone, it is named."""
    (tmp_path / "train.py").write_text("print('something else')\n")
    assert "(script)" in _other_code(recorded)
    (tmp_path / "train.py").unlink()
    assert "(script)" in _other_code(recorded)


@pytest.mark.parametrize("member", ["revision", "diff"])
def test_another_revision_may_not(recorded: dict[str, Any], member: str) -> None:
    """Helper modules under version control count with the script."""
    recorded["code"] = {**recorded["code"], member: "sha256:" + "0" * 64}
    assert f"({member})" in _other_code(recorded)


@pytest.mark.parametrize(("member", "other"), [("python", "2.7.18"), ("packages", ["antiquity==1.0"])])
def test_other_software_may_not(recorded: dict[str, Any], member: str, other: object) -> None:
    """Another Python, or other packages."""
    recorded["environment"] = {**recorded["environment"], member: other}
    assert "software" in _other_code(recorded)
