"""Training as a local process: nothing starts on wrong data, everything seen is in the report."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.training.local_process import TrainingPlan, prepare, run
from adapters.training.report import RunReport
from governance.errors import InputError, ToolFault
from ledger.canonical import decode, encode
from tests.training.scripts import LEARN, MAJORITY, PREDICT, environment, write_data, write_script


class TickingClock:
    """A clock that moves one second each time it is read."""

    def __init__(self) -> None:
        self.seconds = 0

    def now(self) -> str:
        """The next second."""
        self.seconds += 1
        return f"2026-11-23T08:00:{self.seconds:02d}.000000Z"


@pytest.fixture
def plan(tmp_path: Path) -> TrainingPlan:
    """A run of the small script on the small table."""
    data, digest = write_data(tmp_path)
    write_script(tmp_path, MAJORITY)
    return TrainingPlan(
        command=("python", "train.py", *LEARN, *PREDICT),
        data=data,
        data_digest=digest,
        label="y",
        out=tmp_path / "runs" / "1",
        seed=7,
        directory=tmp_path,
        environment=environment(),
    )


def start(plan: TrainingPlan, sink: list[bytes] | None = None) -> RunReport:
    """Prepare and run."""
    return run(prepare(plan), clock=TickingClock(), sink=None if sink is None else sink.append)


def shell(plan: TrainingPlan, code: str) -> TrainingPlan:
    """The same plan with a line of shell for a command."""
    return replace(plan, command=("sh", "-c", code, "{data}", "{out}"))


def test_a_run_reports_what_was_seen_of_it(plan: TrainingPlan) -> None:
    """Artifacts by digest, declared metrics, times, exit code, and the output passed on."""
    out: list[bytes] = []
    report = start(plan, out).check()
    assert b"".join(out) == b"rows 60\n"
    assert report.artifacts is not None
    model = plan.out / "model.json"
    listed = {file.path: file.digest for file in report.artifacts.files}
    assert listed["model.json"] == f"sha256:{hashlib.sha256(model.read_bytes()).hexdigest()}"
    assert [(metric.name, metric.value) for metric in report.metrics] == [("loss", "0.123457"), ("rows", "60")]
    assert report.metrics_note == "1 of 3 members are not plain numbers and were left aside"
    assert (report.started_at, report.ended_at) == ("2026-11-23T08:00:01.000000Z", "2026-11-23T08:00:02.000000Z")
    assert (report.exit_code, report.signal, report.fault) == (0, "", "")
    assert report.predictions.startswith("sha256:")
    assert report.command == plan.command
    assert report.placeholders == ("data", "out", "seed", "score", "predictions")


def test_the_report_is_a_canonical_document(plan: TrainingPlan) -> None:
    """It can be kept as a blob, and names neither machine nor user."""
    document = start(plan).document()
    raw = encode(document)
    assert decode(raw, max_bytes=1 << 24) == document
    assert not {"host", "hostname", "user", "node"} & set(document["machine"])
    assert os.uname().nodename not in json.dumps(document["machine"]).split('"')


def test_the_same_run_gives_the_same_artifacts(plan: TrainingPlan, tmp_path: Path) -> None:
    """The model's identity does not hang on where or when it was made."""
    again = start(replace(plan, out=tmp_path / "elsewhere")).artifacts
    assert again == start(plan).artifacts


def test_the_environment_is_the_child_interpreters(plan: TrainingPlan) -> None:
    """Its version and distributions, or a lock file's bytes; and what is no Python is known by its own bytes."""
    seen = prepare(plan).provenance.environment
    assert seen.source == "interpreter"
    assert seen.python == sys.version.split()[0]
    assert any(package.startswith("pytest==") for package in seen.packages)
    lock = plan.directory / "lock.txt"
    lock.write_text("numpy==1\n")
    locked = prepare(replace(plan, lock_file=lock)).provenance.environment
    assert (locked.source, locked.digest) == (
        "lock-file",
        f"sha256:{hashlib.sha256(b'numpy==1' + bytes([10])).hexdigest()}",
    )
    assert prepare(shell(plan, "true")).provenance.environment.source == "executable"


def test_an_entry_point_is_known_by_the_python_behind_it(plan: TrainingPlan) -> None:
    """`torchrun` and its like are scripts whose first line names an interpreter."""
    launcher = write_script(plan.directory, f"#!{sys.executable}\n", "launch")
    launcher.chmod(0o755)
    named = prepare(replace(plan, command=("./launch", "train.py"))).provenance.environment
    assert named == prepare(plan).provenance.environment


def test_wrong_data_are_refused_before_anything_starts(plan: TrainingPlan) -> None:
    """One changed byte, and no process, no directory."""
    plan.data.write_text(plan.data.read_text().replace("yes", "Yes", 1))
    with pytest.raises(InputError, match="digest differs"):
        prepare(plan)
    assert not plan.out.exists()


def test_data_changed_after_the_look_are_refused(plan: TrainingPlan) -> None:
    """Between preparing and running, too."""
    prepared = prepare(plan)
    plan.data.write_text("x,y\na,yes\n")
    with pytest.raises(InputError, match="digest differs"):
        run(prepared, clock=TickingClock())
    assert not plan.out.exists()


def test_data_changed_by_the_run_make_its_results_worthless(plan: TrainingPlan) -> None:
    """The report says so, and gives no artifacts to register."""
    report = start(shell(plan, 'echo more >> "$0"; echo m > "$1/model"'))
    assert report.exit_code == 0
    assert report.artifacts is None
    with pytest.raises(ToolFault, match="digest differs"):
        report.check()


def test_an_output_directory_in_use_is_refused(plan: TrainingPlan) -> None:
    """Yesterday's model must not become today's artifact."""
    plan.out.mkdir(parents=True)
    (plan.out / "old").write_text("x")
    with pytest.raises(InputError, match="in use"):
        prepare(plan)


@pytest.mark.parametrize("code", [1, 2, 125])
def test_a_failing_run_is_a_report_without_artifacts(plan: TrainingPlan, code: int) -> None:
    """The child's exit code passes through; what it left half-written counts for nothing."""
    report = start(shell(plan, f'echo half > "$1/model"; exit {code}'))
    assert (report.exit_code, report.artifacts, report.fault) == (code, None, "")


def test_a_run_that_leaves_nothing_has_no_artifacts(plan: TrainingPlan) -> None:
    """An empty model is no model."""
    assert start(shell(plan, "true")).artifacts is None


def test_a_link_among_the_artifacts_is_refused(plan: TrainingPlan) -> None:
    """And the report says why."""
    report = start(shell(plan, 'ln -s "$0" "$1/model"'))
    assert report.artifacts is None
    with pytest.raises(ToolFault, match="symbolic link"):
        report.check()


@pytest.mark.parametrize(
    "text", ["[1]", "{", "{}", '{"a": NaN, "b": Infinity, "c": true, "d d": 1, "e": 1e300, "f": 2}']
)
def test_metrics_of_any_shape_do_no_harm(plan: TrainingPlan, text: str) -> None:
    """What is no plain number is left aside with a note; the run stands."""
    (plan.directory / "m").write_text(text)
    report = start(shell(plan, 'cp m "$1/metrics.json"')).check()
    assert [(metric.name, metric.value) for metric in report.metrics] == ([("f", "2")] if "f" in text else [])
    assert report.metrics_note or text == "{}"


def test_the_score_file_has_no_label(plan: TrainingPlan) -> None:
    """And a data set without a label cannot fill it."""
    report = start(replace(plan, command=("sh", "-c", 'head -1 "$0" > "$1/header"', "{score}", "{out}")))
    assert report.exit_code == 0
    assert (plan.out / "header").read_text() == "x,group\n"
    with pytest.raises(InputError, match="no label"):
        prepare(replace(plan, label=None))


def test_the_child_sees_only_the_environment_it_is_given(plan: TrainingPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of ours leaks into somebody's program."""
    monkeypatch.setenv("QAYD_HOME", "secret")
    seen: list[bytes] = []
    start(replace(shell(plan, "env"), environment={**environment(), "EPOCHS": "3"}), seen)
    assert b"EPOCHS=3" in b"".join(seen)
    assert b"QAYD" not in b"".join(seen)


def test_a_full_disk_is_a_fault(plan: TrainingPlan) -> None:
    """A place where no directory can be made is named as such."""
    with pytest.raises(ToolFault, match="cannot be made"):
        start(replace(plan, out=Path("/dev/null/run")))


def git(directory: Path, *words: str) -> None:
    """Run git as nobody in particular."""
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=directory, check=True, capture_output=True)


def test_the_code_is_known_by_revision_and_difference(plan: TrainingPlan) -> None:
    """Outside a repository: none. Committed: clean. Changed: dirty, with the difference's digest. Untracked: dirty."""
    assert prepare(plan).provenance.code.revision == "none"
    git(plan.directory, "init", "-q")
    git(plan.directory, "add", "train.py")
    git(plan.directory, "commit", "-qm", "a")
    clean = prepare(plan).provenance.code
    assert len(clean.revision) == 40
    assert (clean.dirty, clean.diff) == (False, "none")
    write_script(plan.directory, MAJORITY + "# more\n")
    dirty = prepare(plan).provenance.code
    assert dirty.dirty
    assert dirty.diff.startswith("sha256:")
    assert dirty.script != clean.script
    write_script(plan.directory, MAJORITY, "other.py")
    write_script(plan.directory, MAJORITY)
    untracked = prepare(replace(plan, command=("python", "other.py"))).provenance.code
    assert untracked.dirty
    assert untracked.diff == "none"


def test_preparing_twice_gives_the_same_digest(plan: TrainingPlan) -> None:
    """What is recorded before the start depends on nothing but what is there."""
    assert prepare(plan).digest == prepare(plan).digest
    assert prepare(plan).digest != prepare(replace(plan, seed=8)).digest
