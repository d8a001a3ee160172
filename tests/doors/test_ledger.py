"""`qayd ledger`: append, checkpoint, export, prove, verify, as a stranger's system would use them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.doors.demo.tamper import cut, flip_database
from adapters.operations.intake import MAX_LINE, batches
from adapters.settings import read_settings
from adapters.wiring import open_home
from governance.event import EVENT_TYPES
from ledger.checkpoint import read_checkpoint
from tests.doors.cli import expect, qayd

ROOT = Path(__file__).resolve().parents[2]


def beat(counter: int, **more: object) -> bytes:
    """One heartbeat as a JSON line."""
    event = {"type": "source.heartbeat.v1", "subject": "core/app", "data": {"source": "core/app", "counter": counter}}
    return json.dumps({**event, **more}).encode() + b"\n"


def append(*lines: bytes) -> list[dict[str, object]]:
    """Append lines through standard input; the answers."""
    return qayd("ledger", "append", "-", stdin=b"".join(lines)).lines


def vkey() -> str:
    """The home's verifier key."""
    return expect(0, "ledger", "key").out.strip()


def test_append_answers_once_durable(home: Path) -> None:
    """Each line is answered with id, integer sequence, base64 leaf hash and status; a retry is present."""
    first, again = append(beat(1, id="a"), beat(1, id="a"))
    assert first["status"] == "appended" and again["status"] == "present"
    assert first["sequence"] == again["sequence"] == 1
    assert len(base64.b64decode(str(first["leaf_hash"]), validate=True)) == 32


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"not json\n", "not JSON"),
        (b"[]\n", "no event"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "not JSON"),
        (b'{"type": "a", "type": "b", "subject": "c", "data": {}}\n', "twice"),
        (b'{"type": "x"}\n', "no event"),
        (beat(1, surprise=1), "no event"),
        (beat(1, id=7), "id is not a string"),
        (beat(1, time="yesterday"), "time"),
        (beat(1, subject="UPPER"), "subject"),
        (beat(1, type="nobody.knows.v1"), "unknown event type"),
        (beat(1, type="person.revoked.v1"), "not an open type"),
        (beat(1, type="ledger.closed.v1"), "by the ledger itself"),
        (beat(1, data={"source": "core/app", "counter": "1"}), "counter"),
        (beat(1, data={"source": "Core App", "counter": 1}), "source"),
        (beat(1, data={"source": "core/app"}), "counter is missing"),
        (beat(1, data={"source": "core/app", "counter": 1, "name": "x"}), "undeclared"),
        (b'{"type": "' + b"x" * 2_000_000 + b'"}\n', "longer than"),
    ],
)
def test_a_bad_line_is_refused_and_stops_nothing(home: Path, line: bytes, word: str) -> None:
    """The refusal says why, the good lines around it are written, and the exit code is 2."""
    result = qayd("ledger", "append", "-", stdin=beat(1) + line + beat(2))
    assert result.code == 2
    before, bad, after = result.lines
    assert (before["status"], bad["status"], after["status"]) == ("appended", "refused", "appended")
    assert word in bad["reason"]
    assert after["sequence"] == before["sequence"] + 1


def test_the_same_id_with_other_content_is_refused(home: Path) -> None:
    """An id names one event for ever."""
    append(beat(1, id="a"))
    (other,) = append(beat(2, id="a"))
    assert other["status"] == "refused" and other["id"] == "a"


def test_a_checkpoint_follows_an_append(home: Path) -> None:
    """What was appended is covered by a signed checkpoint as soon as the command is done."""
    append(*(beat(n) for n in range(5)))
    note = expect(0, "ledger", "checkpoint").out.encode()
    assert read_checkpoint(note).size == 6


def test_verify_against_a_key_and_an_older_checkpoint(home: Path, tmp_path: Path) -> None:
    """The good ledger passes; without an older checkpoint the output claims no more than it may."""
    append(*(beat(n) for n in range(5)))
    older = tmp_path / "older"
    older.write_text(expect(0, "ledger", "checkpoint").out)
    append(*(beat(n) for n in range(5, 300)))
    bare = expect(0, "ledger", "verify", "--key", vkey())
    assert "nothing is claimed beyond" in bare.out
    held = expect(0, "ledger", "verify", "--key", vkey(), "--checkpoint", older, "--json").json
    assert (held["size"], held["older_checkpoint_size"], held["unsigned_tail"]) == (301, 6, 0)


def test_another_key_is_untrusted(home: Path, tmp_path: Path) -> None:
    """A verification against somebody else's key fails by name."""
    expect(0, "init", "--home", tmp_path / "other")
    other = expect(0, "ledger", "key", "--home", tmp_path / "other").out.strip()
    result = expect(5, "ledger", "verify", "--key", other)
    assert "UNTRUSTED KEY" in result.err


def test_a_changed_byte_is_named(home: Path) -> None:
    """ALTERED, with the index."""
    append(*(beat(n) for n in range(20)))
    key = vkey()
    flip_database(home / "ledger.db", 7)
    result = expect(5, "ledger", "verify", "--key", key)
    assert "ALTERED at index 7" in result.err


def test_a_cut_tail_is_named_against_a_kept_checkpoint(home: Path, tmp_path: Path) -> None:
    """Rewound head and deleted checkpoints pass alone, which the output says, and fail against the kept one."""
    append(*(beat(n) for n in range(8)))
    expect(0, "ledger", "checkpoint", "--sign")
    append(*(beat(n) for n in range(8, 20)))
    older = tmp_path / "older"
    older.write_text(expect(0, "ledger", "checkpoint").out)
    key = vkey()
    cut(home / "ledger.db", 12)
    assert "nothing is claimed" in expect(0, "ledger", "verify", "--key", key).out
    result = expect(5, "ledger", "verify", "--key", key, "--checkpoint", older)
    assert "TRUNCATED at index 12" in result.err


def test_the_signer_will_not_sign_a_rewound_log(home: Path) -> None:
    """The signer's own memory is outside the database, so a rewound log gets no new checkpoint."""
    append(*(beat(n) for n in range(20)))
    cut(home / "ledger.db", 12)
    result = expect(5, "ledger", "checkpoint", "--sign")
    assert "sign" in result.err


def test_a_swapped_pair_and_a_hole_are_told_apart(home: Path, tmp_path: Path) -> None:
    """REORDERED and MISSING, each with its first index."""
    append(*(beat(n) for n in range(20)))
    key = vkey()
    shutil.copytree(home, tmp_path / "hole")
    with closing(sqlite3.connect(tmp_path / "hole" / "ledger.db")) as connection, connection:
        connection.execute("DELETE FROM ledger_entry WHERE sequence = 9")
    assert "MISSING at index 9" in expect(5, "ledger", "verify", "--home", tmp_path / "hole", "--key", key).err
    with closing(sqlite3.connect(home / "ledger.db")) as connection, connection:
        for old, new in ((4, -1), (5, 4), (-1, 5)):
            connection.execute("UPDATE ledger_entry SET sequence = ? WHERE sequence = ?", (new, old))
    assert "REORDERED at index 4" in expect(5, "ledger", "verify", "--key", key).err


def test_export_is_for_exactly_the_checkpoint(home: Path, tmp_path: Path) -> None:
    """The static form verifies alone, twice the same, and a changed byte in it is refused."""
    append(*(beat(n) for n in range(600)))
    key, target = vkey(), tmp_path / "static"
    assert expect(0, "ledger", "export", target, "--json").json["size"] == 601
    expect(0, "ledger", "export", target)
    expect(0, "ledger", "verify", "--static", target, "--key", key)
    bundle = target / "tile" / "entries" / "000"
    raw = bytearray(bundle.read_bytes())
    raw[5000] ^= 1
    bundle.write_bytes(bytes(raw))
    expect(5, "ledger", "verify", "--static", target, "--key", key)


def test_a_receipt_is_written_in_two_files(home: Path, tmp_path: Path) -> None:
    """`N.json` holds the exact bytes, `N.tlog-proof` the proof; there is no receipt for an entry that is not there."""
    append(beat(1), beat(2))
    expect(0, "ledger", "prove", "2", "--out", tmp_path / "receipts")
    assert json.loads((tmp_path / "receipts" / "2.json").read_bytes())["data"] == {"counter": 2, "source": "core/app"}
    assert (tmp_path / "receipts" / "2.tlog-proof").read_bytes().startswith(b"c2sp.org/tlog-proof@v1\n")
    assert "no entry 9" in expect(2, "ledger", "prove", "9").err


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_eight_processes_append_at_once(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """No fork, no loss, no duplicate: eight processes, forty events each, and a retry of them all."""
    monkeypatch.chdir(tmp_path)
    options = []
    if database == "postgresql":
        options = ["--database", request.getfixturevalue("postgres_database")]
    expect(0, "init", "--home", "home", *options)
    command = [sys.executable, "-m", "adapters.doors", "ledger", "append", "-", "--home", str(tmp_path / "home")]
    inputs = [b"".join(beat(n, id=f"{p}-{n}") for n in range(40)) for p in range(8)]
    inputs.append(inputs[0])
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ))
        for _ in inputs
    ]
    for process, text in zip(running, inputs, strict=True):
        assert process.stdin is not None
        process.stdin.write(text)
        process.stdin.close()
    answers = []
    for process in running:
        assert process.stdout is not None
        answers += [json.loads(line) for line in process.stdout]
        assert process.wait(120) == 0
        process.stdout.close()
    appended = [answer for answer in answers if answer["status"] == "appended"]
    assert sorted(answer["sequence"] for answer in appended) == list(range(1, 321))
    assert sum(answer["status"] == "present" for answer in answers) == 40
    key = expect(0, "ledger", "key", "--home", "home").out.strip()
    assert expect(0, "ledger", "verify", "--home", "home", "--key", key, "--json").json["size"] == 321


def test_one_line_is_answered_before_the_next_comes(home: Path) -> None:
    """A system that sends one event and waits gets its answer, and a checkpoint covers it within a second."""
    command = [sys.executable, "-m", "adapters.doors", "ledger", "append", "-"]
    environment = {**os.environ, "QAYD_HOME": str(home)}
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as sender:
        assert sender.stdin is not None and sender.stdout is not None
        for number in (1, 2):
            sender.stdin.write(beat(number))
            sender.stdin.flush()
            assert json.loads(sender.stdout.readline())["sequence"] == number
        deadline = time.monotonic() + 10
        while _covered() < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _covered() == 3
        sender.stdin.close()
        assert sender.wait(30) == 0


def _covered() -> int:
    """Size of the latest checkpoint."""
    return read_checkpoint(expect(0, "ledger", "checkpoint").out.encode()).size


@given(st.lists(st.sampled_from([b"a", b"bb\n", b"\n", b"\n\n", b"", b"c" * 700, b"d\ne"]), max_size=30))
def test_lines_do_not_depend_on_how_they_arrive(chunks: list[bytes]) -> None:
    """However the bytes are cut, the same lines come out; blank ones are left out."""
    found = [line for batch in batches(chunks) for line in batch]
    assert found == [line for line in b"".join(chunks).split(b"\n") if line]


def test_a_line_too_long_comes_cut_and_hides_no_other() -> None:
    """It is cut to one byte over the limit wherever its bytes are cut, and the line after it is whole."""
    long = b"x" * (3 * MAX_LINE)
    for size in (1 << 16, 1 << 18, len(long) + 20):
        text = b"first\n" + long + b"\nlast\n"
        chunks = [text[at : at + size] for at in range(0, len(text), size)]
        found = [line for batch in batches(chunks) for line in batch]
        assert [found[0], len(found[1]), found[2:]] == [b"first", MAX_LINE + 1, [b"last"]]


def test_the_event_types_entry_0_quotes_are_kept(home: Path) -> None:
    """Whoever reads the log later finds the very declarations its entries were checked against."""
    opened = open_home(read_settings(home=home))
    try:
        quoted = opened.log.entry(0).data["event_schema"]
        assert opened.blobs.get(quoted) == EVENT_TYPES.document()
    finally:
        opened.close()


def test_a_command_that_goes_on_for_hours_leaves_no_unsigned_tail(home: Path) -> None:
    """What a governed command appends is covered by a checkpoint at once, not only when the command ends."""
    opened = open_home(read_settings(home=home))
    try:
        opened.append(opened.event("trail.exported.v1", "ledger", {"scope": "whole", "as_of": 1}))
        note = opened.log.notes()
        assert note is not None and read_checkpoint(note).size == opened.log.size() == 2
    finally:
        opened.close()
