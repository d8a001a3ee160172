"""Bad input and a bad world: one clear line, what to do next, the right exit code, and nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from tests.doors.cli import Result, expect, key_pair, qayd
from tests.doors.test_ledger import beat

ROOT = Path(__file__).resolve().parents[2]
REGISTER = (
    *("dataset", "register", "rows", "--purpose", "scoring", "--legal-basis", "contract"),
    *("--location", "azure/public/uaenorth", "--retention-days", "30"),
)


def size() -> int:
    """Entries in the home's ledger."""
    return int(expect(0, "ledger", "verify", "--json").json["size"])


@pytest.fixture
def rows(home: Path, tmp_path: Path) -> Path:
    """A small registered data set."""
    path = tmp_path / "rows.csv"
    path.write_text("age,outcome\n" + "".join(f"{20 + n},{'yes' if n % 3 else 'no'}\n" for n in range(60)))
    expect(0, *REGISTER, "--file", path, "--label", "outcome", "--positive", "yes")
    return path


def one_clear_line(result: Result, code: int, *words: str) -> None:
    """The error is one line that says what and where, a second that says what to do, and no trace."""
    assert result.code == code, result.err
    first, *rest = result.err.strip().splitlines()
    while not first.startswith("qayd: "):
        first, *rest = rest
    assert all(word in first for word in words), first
    assert len(rest) == 1 and rest[0].startswith("  next: "), rest
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ("rows.csv", "there is no file")),
        (b"", ("rows.csv",)),
        (b"\x00\x01\x02\xff" * 100, ("rows.csv",)),
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n", ("rows.csv",)),
        (b"a,b\n1,2\n3\n", ("rows.csv", "line 3")),
        (b"a,a\n1,2\n", ("rows.csv",)),
        (b"a,b\n", ("rows.csv",)),
        ("größe,b\n1,2\n".encode("latin-1"), ("rows.csv",)),
    ],
    ids=["missing", "empty", "binary", "pdf", "ragged", "same name twice", "no rows", "not utf-8"],
)
def test_a_file_that_is_no_csv(home: Path, tmp_path: Path, content: bytes | None, words: tuple[str, ...]) -> None:
    """Whatever it is, it is named, with the line where that helps, and nothing is written."""
    path = tmp_path / "rows.csv"
    if content is not None:
        path.write_bytes(content)
    before = size()
    one_clear_line(qayd(*REGISTER, "--file", path), 2, *words)
    assert size() == before


def test_a_directory_is_no_csv(home: Path, tmp_path: Path) -> None:
    """Said plainly."""
    one_clear_line(qayd(*REGISTER, "--file", tmp_path), 2, str(tmp_path))


def test_no_cell_is_ever_quoted(home: Path, tmp_path: Path) -> None:
    """What is wrong with a file is said without its content."""
    path = tmp_path / "rows.csv"
    path.write_text("name,b\nHamad Al Ketbi,2\n784-1990-1234567-6\n")
    result = qayd(*REGISTER, "--file", path)
    assert result.code == 2 and "Ketbi" not in result.err and "784-1990" not in result.err


@pytest.mark.parametrize(
    "words",
    [
        ("dataset", "show", "nobody"),
        ("dataset", "scan", "nobody@3"),
        ("threshold", "register", "m", "--dataset", "nobody", "--min", "accuracy=0.5"),
        ("training", "run", "m", "--dataset", "nobody", "--", "true"),
        ("model", "show", "nobody@1"),
        ("model", "register", "nobody"),
        ("evidence", "measure", "all", "nobody@1"),
        ("evidence", "list", "nobody"),
        ("gate", "check", "train", "dataset/nobody@1"),
        ("gate", "check", "production", "model/nobody@1"),
        ("gate", "check", "nowhere", "model/nobody@1"),
        ("decision", "show", "d-0000"),
        ("decision", "replay", "nobody"),
        ("promotion", "run", "request/00000000"),
        ("approval", "show", "request/00000000"),
        ("deployment", "suspend", "nobody"),
        ("deployment", "rollback", "nobody"),
        ("deployment", "resume", "nobody", "--cause", "latest"),
        ("retraining", "request", "nobody"),
        ("person", "revoke", "p-00000000"),
        ("report", "dossier", "nobody@1", "--out", "x.html"),
        ("trail", "export", "x.zip", "--subject", "model/nobody@1"),
    ],
    ids=" ".join,
)
def test_an_unknown_subject(home: Path, words: tuple[str, ...]) -> None:
    """Named, with what to do next; nothing is written."""
    before = size()
    one_clear_line(qayd(*words), 125 if words[:2] == ("training", "run") else 2)
    assert size() == before


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",),
        ("gate",),
        ("gate", "check"),
        ("gate", "check", "train", "dataset/x@1", "--unknown"),
        ("dataset", "register", "rows"),
        (*REGISTER, "--file", "x.csv", "--retention-days", "0"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(home: Path, words: tuple[str, ...]) -> None:
    """As the exit codes say, with no trace."""
    result = qayd(*words)
    assert result.code == 2 and "Traceback" not in result.err


def test_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first thing a newcomer meets says `qayd init`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QAYD_HOME", raising=False)
    result = qayd("dataset", "show")
    one_clear_line(result, 2, "no Qayd home")
    assert "qayd init" in result.err


def test_init_twice(home: Path) -> None:
    """A home is never made over; the first stays as it was."""
    before = expect(0, "ledger", "key").out
    one_clear_line(qayd("init"), 2, "exists already")
    assert expect(0, "ledger", "key").out == before


def test_a_real_tenant_needs_two_officers_and_its_facts(tmp_path: Path) -> None:
    """One officer, one key twice, no facts, wrong facts: refused, and no home is left behind."""
    a, b = (key_pair(tmp_path / "keys", name) for name in "ab")
    facts = tmp_path / "tenant.json"
    facts.write_text('{"establishment": "onshore", "licences": ["cbuae"], "sectors": ["banking"]}')
    officers = ("--officer", f"{a}.pub", "--officer", f"{b}.pub")
    home = ("--home", tmp_path / "home")
    one_clear_line(qayd("init", *home, *officers[:2], "--tenant", facts), 2, "two officers")
    one_clear_line(qayd("init", *home, *officers[:2], *officers[:2], "--tenant", facts), 2, "two officers")
    one_clear_line(qayd("init", *home, *officers), 2, "establishment facts")
    wrong = tmp_path / "wrong.json"
    for text in ("{}", "[]", "{", '{"establishment": "moon", "licences": [], "sectors": []}', '{"a": 1, "a": 2}'):
        wrong.write_text(text)
        assert qayd("init", *home, *officers, "--tenant", wrong).code == 2
    assert not (tmp_path / "home").exists() and not list(tmp_path.glob(".home.*"))
    expect(0, "init", *home, *officers, "--tenant", facts)
    one_clear_line(qayd("dataset", "scan", "x", *home), 2, "who you are")


def test_a_changed_file_is_not_the_registered_one(rows: Path) -> None:
    """The digest is checked before anything is done with the bytes."""
    rows.write_text(rows.read_text() + "99,yes\n")
    before = size()
    one_clear_line(qayd("dataset", "scan", "rows"), 2, "is not dataset/rows@1")
    assert size() == before
    rows.unlink()
    one_clear_line(qayd("dataset", "scan", "rows"), 2, "not at")


def test_somebody_elses_key(rows: Path, tmp_path: Path) -> None:
    """A key nobody enrolled, a public half of somebody else, a file that is no key."""
    stranger, other = (key_pair(tmp_path / "keys", name) for name in ("stranger", "other"))
    one_clear_line(qayd("dataset", "scan", "rows", "--identity", stranger), 2, "not enrolled")
    shutil.copy(f"{other}.pub", f"{stranger}.pub")
    assert qayd("dataset", "scan", "rows", "--identity", stranger).code == 2
    one_clear_line(qayd("dataset", "scan", "rows", "--identity", rows), 2, "rows.csv.pub")


def test_unreachable_opa(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that does not answer is a fault: it blocks, and is reported neither as deny nor as allow."""
    monkeypatch.setenv("QAYD_ENGINE", "opa")
    monkeypatch.setenv("QAYD_OPA_URL", "http://127.0.0.1:9")
    one_clear_line(qayd("gate", "check", "train", "dataset/rows@1"), 6, "http://127.0.0.1:9")
    monkeypatch.delenv("QAYD_OPA_URL")
    monkeypatch.setenv("QAYD_OPA", "/nonexistent/opa")
    one_clear_line(qayd("gate", "check", "train", "dataset/rows@1"), 6, "no OPA program")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("controls/residency/residency.rego", "package qayd.controls.residency\nfindings contains x if {\n"),
        ("main/main.rego", "package qayd.gates\n"),
        ("data.json", "{"),
        (".manifest", ""),
    ],
)
def test_a_policy_that_does_not_compile(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str
) -> None:
    """A broken bundle is a fault; nothing passes, and nothing is denied in its name."""
    bundle = tmp_path / "bundle"
    shutil.copytree(str(files("policies")), bundle)
    assert (bundle / path).exists()
    (bundle / path).write_text(text)
    monkeypatch.setenv("QAYD_POLICIES", str(bundle))
    result = qayd("gate", "check", "train", "dataset/rows@1")
    assert result.code == 6 and "Traceback" not in result.err + result.out
    assert not result.out or result.out.startswith("FAULT")


def test_a_locked_database(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody holds the database: a fault after the wait, and what comes later is written once."""
    monkeypatch.setenv("QAYD_BUSY_SECONDS", "0.2")
    with closing(sqlite3.connect(home / "ledger.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        one_clear_line(qayd("ledger", "append", "-", stdin=beat(1, id="a")), 6, "locked")
        holder.execute("ROLLBACK")
    assert qayd("ledger", "append", "-", stdin=beat(1, id="a")).lines[0]["status"] == "appended"
    monkeypatch.setenv("QAYD_BUSY_SECONDS", "soon")
    one_clear_line(qayd("ledger", "key"), 2, "QAYD_BUSY_SECONDS")


def test_a_file_that_is_no_database(home: Path) -> None:
    """Named, as a fault of the world around."""
    (home / "ledger.db").write_bytes(b"this is not a database, whatever its name says\n" * 100)
    assert qayd("ledger", "verify").code == 6


def command(*words: str, home: Path, **environment: str) -> subprocess.Popen[bytes]:
    """`qayd WORDS...` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "adapters.doors", *words],
        cwd=ROOT,
        env={**os.environ, "QAYD_HOME": str(home), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.slow
def test_a_full_disk(home: Path, tmp_path: Path) -> None:
    """The file system takes no more: a fault; everything acknowledged is there, and nothing else."""
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"".join(beat(n, id=f"e{n}") for n in range(4000)))
    script = f"ulimit -f 700; exec {sys.executable} -m adapters.doors ledger append {events}"
    environment = {**os.environ, "QAYD_HOME": str(home)}
    done = subprocess.run(["/bin/sh", "-c", script], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 6, done.stderr
    assert b"Traceback" not in done.stderr and b"  next: " in done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert 0 < len(told) < 4000
    again = qayd("ledger", "append", events).lines
    assert [answer["leaf_hash"] for answer in again[: len(told)]] == [answer["leaf_hash"] for answer in told]
    assert [answer["sequence"] for answer in again] == list(range(1, 4001))
    expect(0, "ledger", "verify")


@pytest.mark.parametrize(("words", "code"), [(("ledger", "key"), 6), (("training", "run", "m"), 125)])
def test_a_broken_import(home: Path, tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    """An installation with a hole in it is a fault, also where the child's code passes through."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "typer.py").write_text("raise ImportError('no typer', name='typer')\n")
    process = command(*words, home=home, PYTHONPATH=str(tmp_path / "broken"))
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"cannot be imported" in err and b"Traceback" not in err


@pytest.fixture
def waiting(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has appended 256 events and waits for more on its standard input."""
    process = command("ledger", "append", "-", home=home)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"".join(beat(n, id=f"w{n}") for n in range(256)))
    process.stdin.flush()
    for _ in range(256):
        process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_ctrl_c_in_the_middle(home: Path, waiting: subprocess.Popen[bytes]) -> None:
    """130, one word, no trace; what was acknowledged is kept and covered by a checkpoint."""
    waiting.send_signal(signal.SIGINT)
    deadline = time.monotonic() + 30
    while waiting.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert waiting.returncode == 130
    assert waiting.stderr is not None
    err = waiting.stderr.read()
    assert b"interrupted" in err and b"Traceback" not in err
    result = expect(0, "ledger", "verify", "--json").json
    assert result["size"] == 257 and result["unsigned_tail"] == 0
