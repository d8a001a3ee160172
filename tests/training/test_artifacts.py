"""Manifests: every file by digest, nothing followed, nothing outside."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from adapters.training.artifacts import Limits, Manifest, collect
from governance.errors import ToolFault
from ledger.canonical import decode


def test_a_manifest_lists_every_file_sorted_by_path(tmp_path: Path) -> None:
    """Path with slashes, SHA-256, size; the order of creation does not matter."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two").write_bytes(b"22")
    (tmp_path / "a").write_bytes(b"1")
    manifest = collect(tmp_path)
    assert [(file.path, file.size) for file in manifest.files] == [("a", 1), ("b/two", 2)]
    assert manifest.files[0].digest == f"sha256:{hashlib.sha256(b'1').hexdigest()}"


def test_parse_reads_what_document_writes(tmp_path: Path) -> None:
    """Twins, and the digest is that of the canonical bytes."""
    (tmp_path / "model").write_bytes(b"weights")
    manifest = collect(tmp_path)
    assert Manifest.parse(decode(manifest.encode())) == manifest
    assert manifest.digest == f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"


@pytest.mark.parametrize("change", ["content", "name"])
def test_any_change_changes_the_digest(tmp_path: Path, change: str) -> None:
    """The identity covers bytes and names."""
    (tmp_path / "model").write_bytes(b"weights")
    before = collect(tmp_path).digest
    if change == "content":
        (tmp_path / "model").write_bytes(b"weightz")
    else:
        (tmp_path / "model").rename(tmp_path / "modem")
    assert collect(tmp_path).digest != before


@pytest.mark.parametrize("target", ["outside", "inside", "dangling", "directory"])
def test_symbolic_links_are_refused(tmp_path: Path, target: str) -> None:
    """A link could name other bytes tomorrow."""
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    (out / "inside").write_text("x")
    (tmp_path / "outside").write_text("x")
    names = {
        "outside": tmp_path / "outside",
        "inside": out / "inside",
        "dangling": out / "no",
        "directory": out / "sub",
    }
    (out / "link").symlink_to(names[target])
    with pytest.raises(ToolFault, match="symbolic link"):
        collect(out)


def test_pipes_are_refused_without_waiting(tmp_path: Path) -> None:
    """Opening a pipe for reading would wait for ever; it is not a plain file."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ToolFault, match="not a plain file"):
        collect(tmp_path)


def test_limits_hold(tmp_path: Path) -> None:
    """Files, bytes and depth are bounded."""
    (tmp_path / "d" / "e").mkdir(parents=True)
    for name in ("a", "b", "d/e/c"):
        (tmp_path / name).write_bytes(b"12345")
    assert len(collect(tmp_path, Limits(3, 15, 2)).files) == 3
    for limits in (Limits(2, 15, 2), Limits(3, 14, 2), Limits(3, 15, 1)):
        with pytest.raises(ToolFault):
            collect(tmp_path, limits)


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../b", "a//b", "./a", "a\\b", "a\nb", "", "x" * 1025])
def test_parse_refuses_paths_that_lead_elsewhere(path: str) -> None:
    """A manifest comes from a blob; a store writes by it."""
    document = {"v": "qayd/artifacts/v1", "files": [{"path": path, "digest": "sha256:" + "0" * 64, "size": 1}]}
    with pytest.raises(ToolFault):
        Manifest.parse(document)


@pytest.mark.parametrize(
    "document",
    [
        None,
        {"v": "qayd/artifacts/v2", "files": []},
        {"v": "qayd/artifacts/v1", "files": {}},
        {"v": "qayd/artifacts/v1", "files": [], "more": 1},
        {"v": "qayd/artifacts/v1", "files": ["a"]},
        {"v": "qayd/artifacts/v1", "files": [{"path": "a", "digest": "md5:0", "size": 1}]},
        {"v": "qayd/artifacts/v1", "files": [{"path": "a", "digest": "sha256:" + "0" * 64, "size": True}]},
        {"v": "qayd/artifacts/v1", "files": [{"path": p, "digest": "sha256:" + "0" * 64, "size": 1} for p in "ba"]},
        {"v": "qayd/artifacts/v1", "files": [{"path": "a", "digest": "sha256:" + "0" * 64, "size": 1}] * 2},
    ],
)
def test_parse_refuses_what_document_would_not_write(document: object) -> None:
    """Strict both ways."""
    with pytest.raises(ToolFault):
        Manifest.parse(document)
