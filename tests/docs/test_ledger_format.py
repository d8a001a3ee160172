"""docs/ledger-format.md is enough: a verifier written from its text alone, held against the vectors and the code."""

from __future__ import annotations

import ast
import json
import re
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs import verifier
from tests.docs.verifier import (
    CELLS,
    LIMIT,
    MEMBERS,
    PATTERN,
    REFUSALS,
    TEXT,
    check_receipt,
    check_static,
    check_trail,
    checkpoint,
    sha256,
    tile_path,
    unzip,
    zipped,
)

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
VKEY = (VECTORS / "vkey").read_text().rstrip("\n")
OLDER = (VECTORS / "older-checkpoint").read_bytes()
LOG = {str(p.relative_to(VECTORS / "log")): p.read_bytes() for p in (VECTORS / "log").rglob("*") if p.is_file()}
RECEIPT = [(VECTORS / name).read_bytes() for name in ("3.tlog-proof", "3.json")]
SCOPES = {"whole": [0, 1, 2, 3, 4, 5], "range": [1, 2, 3], "subject": [1, 5], "selection": [0, 3, 4]}


def test_the_verifier_knows_nothing_of_qayd() -> None:
    """It imports Python's own library and cryptography."""
    source = ast.parse(Path(verifier.__file__).read_text(encoding="utf-8"))
    named = [node.module for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(source) if isinstance(node, ast.Import) for alias in node.names]
    roots = {str(name).partition(".")[0] for name in named}
    assert roots <= sys.stdlib_module_names | {"cryptography"}


def refuses_flips(raw: bytes, check: Callable[[bytes], object], step: int = 1) -> None:
    """No byte (or each `step`th one) may change by a bit."""
    for place in range(0, len(raw), step):
        changed = bytearray(raw)
        changed[place] ^= 1 << place % 8
        with pytest.raises(REFUSALS):
            check(bytes(changed))


def test_the_static_form_verifies_and_no_byte_of_it_may_change() -> None:
    """Checkpoint, bundle and tile; the older checkpoint too."""
    assert check_static(LOG.__getitem__, VKEY, OLDER) == 6
    for path, raw in LOG.items():
        refuses_flips(raw, lambda b, path=path: check_static({**LOG, path: b}.__getitem__, VKEY, OLDER), 9)  # type: ignore[misc]
    refuses_flips(OLDER, lambda b: check_static(LOG.__getitem__, VKEY, b), 5)


def test_the_note_verifies_and_no_byte_of_it_may_change() -> None:
    """Of size 6, signed by the key of its origin."""
    assert checkpoint(LOG["checkpoint"], VKEY)[1] == 6
    refuses_flips(LOG["checkpoint"], lambda b: checkpoint(b, VKEY))
    refuses_flips(VKEY.encode(), lambda b: checkpoint(LOG["checkpoint"], b.decode()))


def test_the_receipt_verifies_and_no_byte_of_it_may_change() -> None:
    """Entry 3; neither file may change."""
    assert check_receipt(*RECEIPT, VKEY, 3)["type"] == "evidence.measured.v1"
    refuses_flips(RECEIPT[0], lambda b: check_receipt(b, RECEIPT[1], VKEY, 3))
    refuses_flips(RECEIPT[1], lambda b: check_receipt(RECEIPT[0], b, VKEY, 3))


@pytest.mark.parametrize("kind", SCOPES)
def test_the_trails_verify_and_no_byte_of_them_may_change(kind: str) -> None:
    """Each of the four scopes, against the older checkpoint."""
    raw = (VECTORS / f"{kind}.trail").read_bytes()
    assert check_trail(raw, VKEY, OLDER) == SCOPES[kind]
    refuses_flips(raw, lambda b: check_trail(b, VKEY, OLDER), 17)


@pytest.mark.parametrize("kind", SCOPES)
def test_a_trail_packed_again_round_a_change_is_refused(kind: str) -> None:
    """Whoever changes a member can mend MANIFEST and headers, but no proof. Growth serves the scopes of receipts."""
    members = unzip((VECTORS / f"{kind}.trail").read_bytes())
    assert check_trail(zipped(members), VKEY, OLDER) == SCOPES[kind]
    for name in members:
        if (kind, name) != ("whole", "consistency/3"):
            refuses_flips(members[name], lambda b, n=name: check_trail(zipped({**members, n: b}), VKEY, OLDER), 29)
    for name in members:
        if name != "consistency/3" and not name.startswith("blobs/"):
            with pytest.raises(REFUSALS):
                check_trail(zipped({other: members[other] for other in members if other != name}), VKEY, OLDER)
    with pytest.raises(REFUSALS):
        check_trail(zipped({**members, "more": b""}), VKEY, OLDER)


def test_a_log_of_many_tiles_verifies(tmp_path: Path) -> None:
    """Full and partial tiles of two levels, made by the code, read by the text."""
    from ledger.tiles import export_static
    from tests.ledger.chain import KEY, chain_of

    log = chain_of(600)
    export_static(tmp_path / "log", log, log.note())
    read = lambda path: (tmp_path / "log" / path).read_bytes()  # noqa: E731
    assert check_static(read, KEY.verifier.vkey(), log.note(256)) == 600
    assert tile_path("entries", 1234067, 256) == "tile/entries/x001/x234/067"


# -- the text and the vectors ------------------------------------------------------------------------------------


def test_the_worked_examples_are_the_vectors() -> None:
    """Every block of bytes in the text is in a vector, and gives the hashes the text says."""
    entry, sealed, statement = (block.encode() for block in re.findall(r"```json\n(.*)\n```", TEXT))
    vkey, note, proof = (block.encode() + b"\n" for block in re.findall(r"```text\n(.*?)\n```", TEXT, re.DOTALL))
    assert entry == RECEIPT[1] and proof + b"\n" + note == RECEIPT[0] and note == LOG["checkpoint"]
    assert vkey.decode() == VKEY + "\n"
    assert unzip((VECTORS / "range.trail").read_bytes())["trail.json"] == statement
    fourth = json.loads(unzip((VECTORS / "selection.trail").read_bytes())["entries/4.json"])
    commitment, leaf = b64encode(sha256(sealed)).decode(), b64encode(sha256(b"\x00", entry)).decode()
    assert fourth["data"]["reason"]["sealed"]["c"] == commitment and f"C = `{commitment}`" in TEXT
    assert fourth["prevhash"] == fourth["subjectprev"] == leaf and f"hash is `{leaf}`" in TEXT
    parts = json.loads((VECTORS / "sealed.json").read_bytes())
    members = [parts[name] for name in ("origin", "source", "id", "pointer", "salt", "value")]
    assert json.loads(sealed) == ["qayd/sealed/v1", *members] and parts["commitment"] == commitment


def test_every_vector_is_named_in_the_text() -> None:
    """And nothing is named that is not there."""
    part = TEXT.partition("## 8.")[2].partition("## 9.")[0]
    named = {name for line in part.splitlines() if line.startswith("| `") for name in re.findall("`([^`]+)`", line)}
    there = {p.name + "/" * p.is_dir() for p in VECTORS.iterdir()} - {"__pycache__/"}
    files = {name for name in named if name.partition("/")[0] in {t.rstrip("/") for t in there}}
    assert files == there - {"README.md", "generate.py", ".gitattributes"}


# -- the text and the code ---------------------------------------------------------------------------------------


def test_the_limits_of_the_text_are_those_of_the_code() -> None:
    """Each row of the table, and no row without its constant."""
    from ledger import archive, blobs, canonical, merkle, note, patterns, receipt, schema, scope, tiles

    assert canonical.ENTRY_BYTES == tiles.MAX_ENTRY_BYTES
    assert {
        "bytes of an entry": canonical.ENTRY_BYTES,
        "nesting of arrays and objects": canonical.MAX_DEPTH,
        "largest integer, and smallest with a minus sign": canonical.MAX_INTEGER,
        "characters of a public string": patterns.MAX_STRING,
        "items of a public list": schema.MAX_LIST,
        "nesting of public JSON": schema.JSON_DEPTH,
        "bytes of a sealed value": schema.MAX_SEALED_BYTES,
        "size of a tree": merkle.MAX_SIZE,
        "bytes of a note": note.MAX_NOTE_BYTES,
        "signatures of a note": note.MAX_SIGNATURES,
        "hashes of an inclusion proof": receipt.MAX_PATH,
        "bytes of an inclusion proof's file": receipt.MAX_PROOF_BYTES,
        "hashes of a tile, entries of a bundle": tiles.WIDTH,
        "bytes of a blob": blobs.MAX_BLOB_BYTES,
        "bytes of trail.json": scope.MAX_STATEMENT_BYTES,
        "members of a trail": archive.LIMITS.members,
        "bytes of a trail's member": archive.LIMITS.member_bytes,
        "bytes of all a trail's members": archive.LIMITS.bytes,
        "characters of a trail member's name": archive._MAX_NAME,
    } == LIMIT


def test_the_patterns_of_the_text_are_those_of_the_code() -> None:
    """To the character."""
    from ledger import archive, canonical, patterns, trail

    assert {
        "token": patterns.TOKEN,
        "subject": patterns.SUBJECT,
        "type name": patterns.TYPE_NAME,
        "time": patterns.TIME,
        "decimal": patterns.DECIMAL,
        "digest": patterns.DIGEST,
        "key of an object": canonical._KEY.pattern,
        "member name of a trail": archive._NAME.pattern,
        "entry in a trail": trail._ENTRY.pattern,
        "blob in a trail": trail._BLOB.pattern,
        "growth in a trail": trail._CONSISTENCY.pattern,
    } == PATTERN


def test_the_names_and_classes_of_the_text_are_those_of_the_code() -> None:
    """Formats, headers, epochs, entry 0's fields, the classes in their order, and the one open type."""
    from governance.event import EVENT_TYPES
    from ledger import entry, kek, log, receipt, schema, scope, sequencer
    from ledger.errors import Kind

    for name in (entry.COMMITMENT, log.FORMAT, receipt.HEADER, scope.FORMAT):
        assert name in TEXT
    words = " ".join(TEXT.split())
    assert f"of {kek.EPOCH_DAYS}-day epochs" in words and f"up to {sequencer.MAX_LAG.seconds} s behind" in words
    assert set(entry._MEMBERS) | {"claim"} == MEMBERS
    fields = [row[0].strip("`") for row in CELLS[CELLS.index(["field", "value"]) + 1 :][: len(schema.OPENED.fields)]]
    assert fields == list(schema.OPENED.fields)
    assert [row[0] for row in CELLS if row[0].isupper() and len(row) == 2] == list(Kind)
    (heartbeat,) = [known for known in EVENT_TYPES if known.open]
    assert f"The open type `{heartbeat.name}`" in TEXT
    assert set(re.findall(r"^\| `data\.([a-z_]+)`", TEXT, re.MULTILINE)) == set(heartbeat.fields)
    assert heartbeat.subject == heartbeat.fields["source"].pattern
    assert f"| `subject` | `{heartbeat.subject}`" in TEXT
