"""A verifier of the ledger, written from docs/ledger-format.md alone: it reads limits and patterns from its tables.

Nothing of Qayd is used, only Python's own library and an Ed25519 implementation. To refuse is to raise one of
`REFUSALS`.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "ledger-format.md").read_text(encoding="utf-8")
ROWS = [re.split(r"(?<!\\)\|", line)[1:-1] for line in TEXT.splitlines() if line.startswith("| ")]
CELLS = [[cell.strip().replace(r"\|", "|") for cell in row] for row in ROWS]
LIMIT = {row[0]: int(row[1]) for row in CELLS if len(row) == 2 and row[1].isdigit()}
PATTERN = {row[0]: row[1].strip("`") for row in CELLS[CELLS.index(["name", "pattern"]) + 1 :][:11]}
ZERO = bytes(32)
REFUSALS = (ValueError, LookupError, TypeError, AttributeError, struct.error, InvalidSignature)


class Bad(ValueError):
    """What is shown is not of the format, or not what was signed."""


def need(condition: object, what: str) -> None:
    if not condition:
        raise Bad(what)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text: Any, size: int | None = None) -> bytes:
    raw = b64decode(text, validate=True)
    need(b64encode(raw).decode() == text and size in (None, len(raw)), "base64")
    return raw


def is_a(name: str, text: Any) -> bool:
    return isinstance(text, str) and len(text) <= 255 and bool(re.fullmatch(PATTERN[name], text, re.ASCII))


def canonical(raw: bytes, most: int) -> Any:
    def check(value: Any, levels: int) -> None:
        need(value is None or isinstance(value, (str, int, dict, list)), "a float")
        need(not isinstance(value, int) or abs(value) < 2**53, "an integer")
        if isinstance(value, (dict, list)):
            need(levels, "nesting")
            for key in value if isinstance(value, dict) else ():
                need(re.fullmatch(PATTERN["key of an object"], key), "a key")
            for item in value.values() if isinstance(value, dict) else value:
                check(item, levels - 1)

    need(len(raw) <= most, "length")
    value = json.loads(raw.decode("utf-8"))
    check(value, LIMIT["nesting of arrays and objects"])
    again = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    need(again.encode("utf-8") == raw, "not canonical")
    return value


MEMBERS = {row[0].strip("`") for row in CELLS[CELLS.index(["member", "value"]) + 1 :][:15]}


def check_entry(raw: bytes, index: int) -> dict[str, Any]:
    def seals(value: Any) -> None:
        if isinstance(value, dict) and "sealed" in value:
            need(len(value) == 1 and set(value["sealed"]) == {"c", "k"}, "a seal")
            unbase64(value["sealed"]["c"], 32), unbase64(value["sealed"]["k"], 16)
        elif isinstance(value, (dict, list)):
            for item in value.values() if isinstance(value, dict) else value:
                seals(item)

    entry = canonical(raw, LIMIT["bytes of an entry"])
    need(isinstance(entry, dict) and set(entry) | {"claim"} == MEMBERS, "members")
    need(all(is_a("token", entry[name]) for name in ("actor", "id", "source")), "a token")
    need(is_a("token", entry.get("claim", "none")) and is_a("subject", entry["subject"]), "claim or subject")
    need(entry["specversion"] == "1.0" and entry["datacontenttype"] == "application/json", "CloudEvents")
    need(is_a("type name", entry["type"]) and entry["sequence"] == f"{index:019d}", "type or sequence")
    for name in ("time", "recordedtime"):
        need(is_a("time", entry[name]) and datetime.fromisoformat(entry[name]), "a time")
    for name, size in (("nonce", 16), ("prevhash", 32), ("subjectprev", 32)):
        unbase64(entry[name], size)
    need(isinstance(entry["data"], dict), "data")
    seals(entry["data"])
    return entry


def tree(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01", tree(leaves[:k]), tree(leaves[k:]))


def included(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that RFC 9162, 2.1.3.2 comes to."""
    need(0 <= index < size and len(path) <= LIMIT["hashes of an inclusion proof"], "index")
    fn, sn, node = index, size - 1, leaf
    for sibling in path:
        need(sn and len(sibling) == 32, "the proof is too long")
        if fn & 1 or fn == sn:
            node = sha256(b"\x01", sibling, node)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = sha256(b"\x01", node, sibling)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the proof is too short")
    return node


def grown(old: tuple[int, bytes], new: tuple[int, bytes], proof: list[bytes]) -> None:
    """RFC 9162, 2.1.4.2."""
    if old[0] in (0, new[0]):
        need(not proof and old[1] == (new[1] if old[0] else sha256()), "not one history")
        return
    path = proof if old[0] & (old[0] - 1) else [old[1], *proof]
    need(old[0] < new[0] and path, "sizes")
    fn, sn = old[0] - 1, new[0] - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    before = after = path[0]
    for sibling in path[1:]:
        need(sn, "the proof is too long")
        if fn & 1 or fn == sn:
            before, after = sha256(b"\x01", sibling, before), sha256(b"\x01", sibling, after)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            after = sha256(b"\x01", after, sibling)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0 and (before, after) == (old[1], new[1]), "not one history")


def checkpoint(note: bytes, vkey: str) -> tuple[str, int, bytes]:
    """Origin, size and root, signed by the key."""
    name, key_id, encoded = vkey.split("+", 2)
    key = unbase64(encoded, 33)
    need(key[0] == 1 and sha256(name.encode(), b"\n", key)[:4].hex() == key_id, "vkey")
    need(len(note) <= LIMIT["bytes of a note"], "length")
    text, _, lines = note.decode("utf-8").rpartition("\n\n")
    need(not re.search("[\x00-\x09\x0b-\x1f]", text + lines) and lines.endswith("\n"), "note")
    need(lines.count("\n") <= LIMIT["signatures of a note"], "signatures")
    signed = False
    for line in lines[:-1].split("\n"):
        parts = re.fullmatch(r"\u2014 ([^\s+]+) (\S+)", line)
        need(parts, "signature line")
        assert parts
        signature = unbase64(parts[2])
        need(len(signature) > 4, "signature")
        if (parts[1], signature[:4].hex()) == (name, key_id):
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], f"{text}\n".encode())
            signed = True
    origin, size, root, *more = text.split("\n")
    need(signed and origin == name and all(more), "not signed by the origin's key")
    need(re.fullmatch("0|[1-9][0-9]{0,18}", size) and int(size) <= LIMIT["size of a tree"], "size")
    return origin, int(size), unbase64(root, 32)


def check_log(raws: list[bytes], origin: str, signed: dict[int, bytes]) -> None:
    leaves, last, names = [sha256(b"\x00", raw) for raw in raws], dict[str, bytes](), set[object]()
    before, recorded = ZERO, ""
    for index, raw in enumerate(raws):
        entry = check_entry(raw, index)
        claim = {("claim", entry["claim"])} if "claim" in entry else set()
        new = {("id", entry["source"], entry["id"]), *claim}
        opens = entry["type"] == "ledger.opened.v1" and entry["data"].get("origin") == origin
        need(index or opens, "entry 0")
        need(unbase64(entry["prevhash"]) == before and entry["recordedtime"] >= recorded, "chain")
        need(unbase64(entry["subjectprev"]) == last.get(entry["subject"], ZERO), "subjectprev")
        need(not new & names, "id or claim is taken")
        names |= new
        before = last[entry["subject"]] = leaves[index]
        recorded = entry["recordedtime"]
    need(raws and all(tree(leaves[:size]) == root and size <= len(raws) for size, root in signed.items()), "root")


Reader = Callable[[str], bytes]


def tile_path(kind: str, number: int, width: int) -> str:
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return f"tile/{kind}/{'/'.join(groups)}" + ("" if width == 256 else f".p/{width}")


def static_paths(size: int) -> Iterator[tuple[str, int]]:
    """Path and number of items of every file but the checkpoint."""
    counts = [("entries", size)]
    while (level := len(counts) - 1) >= 0 and size >> 8 * level:
        counts.append((str(level), size >> 8 * level))
    for kind, count in counts:
        for number in range(-(-count // 256)):
            width = min(256, count - 256 * number)
            yield tile_path(kind, number, width), width


def check_static(read: Reader, vkey: str, older: bytes) -> int:
    origin, size, root = checkpoint(read("checkpoint"), vkey)
    raws: list[bytes] = []
    content = {path: read(path) for path, _ in static_paths(size)}
    for path, width in static_paths(size):
        if path.startswith("tile/entries/"):
            place, count = 0, 0
            while place < len(content[path]):
                (length,) = struct.unpack_from(">H", content[path], place)
                raws.append(content[path][place + 2 : place + 2 + length])
                need(len(raws[-1]) == length, "the bundle ends early")
                place, count = place + 2 + length, count + 1
            need(count == width, "entries of a bundle")
    hashes, level = [sha256(b"\x00", raw) for raw in raws], 0
    while hashes:
        mine = b"".join(content[path] for path in content if path.startswith(f"tile/{level}/"))
        need(mine == b"".join(hashes), "hash tile")
        full = len(hashes) // 256
        hashes, level = [tree(hashes[256 * n : 256 * n + 256]) for n in range(full)], level + 1
    old_origin, old_size, old_root = checkpoint(older, vkey)
    need(old_origin == origin, "two logs")
    check_log(raws, origin, {size: root, old_size: old_root})
    return size


def check_receipt(proof: bytes, raw: bytes, vkey: str, index: int) -> dict[str, Any]:
    head, _, note = proof.partition(b"\n\n")
    first, second, *path = head.decode("ascii").split("\n")
    need((first, second) == ("c2sp.org/tlog-proof@v1", f"index {index}"), "proof")
    need(len(proof) <= LIMIT["bytes of an inclusion proof's file"], "length")
    _, size, root = checkpoint(note, vkey)
    entry = check_entry(raw, index)
    need(included(sha256(b"\x00", raw), index, size, [unbase64(line, 32) for line in path]) == root, "inclusion")
    return entry


def zipped(members: dict[str, bytes]) -> bytes:
    """The one spelling of these members, all but MANIFEST."""
    lines = [f"{sha256(content).hex()}  {name}\n" for name, content in sorted(members.items())]
    every = {"MANIFEST": "".join(lines).encode(), **dict(sorted(members.items()))}
    files = central = b""
    for name, content in every.items():
        sizes = (zlib.crc32(content), len(content), len(content), len(name), 0)
        fields = struct.pack("<HHHHHLLLHH", 10, 0, 0, 0, 0x21, *sizes)
        central += b"PK\x01\x02\x0a\x03" + fields + struct.pack("<HHHLL", 0, 0, 0, 0x81A40000, len(files))
        central += name.encode("ascii")
        files += b"PK\x03\x04" + fields + name.encode("ascii") + content
    end = struct.pack("<HHHHLLH", 0, 0, len(every), len(every), len(central), len(files), 0)
    return files + central + b"PK\x05\x06" + end


def unzip(raw: bytes) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    place = 0
    while raw[place : place + 4] == b"PK\x03\x04":
        size, length = struct.unpack_from("<L4xH", raw, place + 18)
        start = place + 30 + length
        name = raw[place + 30 : start].decode("ascii")
        need(re.fullmatch(PATTERN["member name of a trail"], name), "name")
        need(length <= LIMIT["characters of a trail member's name"], "name")
        need(not members or max(members) < name, "not sorted")
        members[name], place = raw[start : start + size], start + size
        need(len(members) <= LIMIT["members of a trail"] and size <= LIMIT["bytes of a trail's member"], "limits")
    del members["MANIFEST"]
    need(zipped(members) == raw, "not the one spelling of its members")
    return members


def check_trail(raw: bytes, vkey: str, older: bytes) -> list[int]:
    """The indices shown."""
    members = unzip(raw)
    origin, size, root = checkpoint(members["checkpoint"], vkey)
    statement = canonical(members["trail.json"], LIMIT["bytes of trail.json"])
    scope = statement["scope"]
    need(statement == {"format": "qayd-trail/1", "origin": origin, "scope": scope, "size": size}, "statement")
    allowed = {"trail.json", "checkpoint"}
    if scope == {"kind": "whole"}:
        check_static(members.__getitem__, vkey, older)
        allowed |= {path for path, _ in static_paths(size)}
        stated = list(range(size))
    else:
        _, old_size, old_root = checkpoint(older, vkey)
        lines = members[f"consistency/{old_size}"].decode("ascii").split("\n")[:-1]
        grown((old_size, old_root), (size, root), [unbase64(line, 32) for line in lines])
        found = (re.fullmatch(PATTERN["entry in a trail"], name) for name in members)
        stated = sorted({int(match[1]) for match in found if match})
        receipts = {n: (members[f"entries/{n}.tlog-proof"], members[f"entries/{n}.json"]) for n in stated}
        entries = [check_receipt(*receipts[n], vkey, n) for n in stated]
        need(all(proof.endswith(members["checkpoint"]) for proof, _ in receipts.values()), "another checkpoint")
        allowed |= {f"entries/{n}.{end}" for n in stated for end in ("json", "tlog-proof")}
        if scope["kind"] == "subject":
            need(scope.keys() == {"kind", "first", "last", "subject"}, "scope")
            need((stated[0], stated[-1]) == (scope["first"], scope["last"]), "first and last")
            need(all(entry["subject"] == scope["subject"] for entry in entries), "another subject")
            leaves = [sha256(b"\x00", receipts[n][1]) for n in stated]
            quoted = [unbase64(entry["subjectprev"]) for entry in entries]
            need(quoted[1:] == leaves[:-1], "an entry about the subject is missing")
        else:
            ranged = scope.keys() == {"kind", "start", "end"} and scope["kind"] == "range"
            need(ranged or scope == {"kind": "selection", "indices": stated}, "scope")
            need(not ranged or stated == list(range(scope["start"], scope["end"])), "an entry is missing")
    for name, content in members.items():
        blob = re.fullmatch(PATTERN["blob in a trail"], name)
        need(not blob or sha256(content).hex() == blob[1], "blob")
        need(blob or name in allowed or re.fullmatch(PATTERN["growth in a trail"], name), "a foreign member")
    return stated
