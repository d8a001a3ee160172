"""Exports verified by another implementation: Go's own packages for signed notes and transparency logs.

What our verifier accepts, theirs accepts; what was tampered with, both refuse.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from ledger.errors import IntegrityError
from ledger.tiles import CHECKPOINT, decode_bundle, encode_bundle, export_static
from ledger.verify import verify_static
from tests.ledger.chain import KEY, KEYS, OTHER_KEY, Chain, chain_of, flip, rewritten

SOURCE = Path(__file__).parent / "verifier"
SIZE = 600
FIRST, LAST = "tile/entries/000", "tile/entries/002.p/88"


@pytest.fixture(scope="session")
def go(request: pytest.FixtureRequest) -> Path:
    """The Go toolchain named by $QAYD_GO, else the tests' own; without one the tests fail."""
    named = os.environ.get("QAYD_GO")
    found: Path = Path(named) if named else request.getfixturevalue("go_binary")
    if not os.access(found, os.X_OK):
        pytest.fail(f"QAYD_GO names no program that can be run: {found}", pytrace=False)
    return found


@pytest.fixture(scope="session")
def verifier(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built from its locked modules."""
    program = tmp_path_factory.mktemp("interop") / "verifier"
    command = [str(go), "build", "-trimpath", "-o", str(program), "."]
    environment = {**os.environ, "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    built = subprocess.run(
        command, cwd=SOURCE, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    if built.returncode:
        pytest.fail(f"the Go verifier does not build:\n{built.stderr}", pytrace=False)
    return program


def run(program: Path, directory: Path, older: Path | None = None, vkey: str = KEY.verifier.vkey()) -> tuple[int, str]:
    """Exit code and what was said."""
    command = [str(program), vkey, str(directory), *([str(older)] if older else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@cache
def log() -> Chain:
    return chain_of(SIZE)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    export_static(tmp_path / "export", log(), log().note())
    return tmp_path / "export"


@pytest.fixture
def older(tmp_path: Path) -> Callable[[Chain, int], Path]:
    """Writes down a checkpoint as somebody outside might keep it."""

    def keep(source: Chain, size: int) -> Path:
        path = tmp_path / f"checkpoint-{size}"
        path.write_bytes(source.note(size))
        return path

    return keep


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, SIZE])
def test_exports_verify_elsewhere(verifier: Path, tmp_path: Path, size: int) -> None:
    """Any size, round the edges of a tile."""
    export_static(tmp_path / "export", log(), log().note(size))
    assert run(verifier, tmp_path / "export") == (0, f"verified {size} entries of {KEY.name}\n")


@pytest.mark.parametrize("size", [0, 1, 256, 300, SIZE])
def test_growth_verifies_elsewhere(
    verifier: Path, export: Path, older: Callable[[Chain, int], Path], size: int
) -> None:
    """An older checkpoint of the same log, of any size, is a beginning of the export."""
    assert run(verifier, export, older(log(), size))[0] == 0


def change(path: str, edit: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda export: (export / path).write_bytes(edit((export / path).read_bytes()))


def bundle(path: str, edit: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], object]:
    return change(path, lambda raw: encode_bundle(edit(decode_bundle(raw)[0])))


TAMPERED: dict[str, Callable[[Path], object]] = {
    "a byte of an entry": change(FIRST, lambda raw: flip(raw, 4000)),
    "a length": change(FIRST, lambda raw: flip(raw, 1)),
    "two entries swapped": bundle(FIRST, lambda e: [e[0], e[2], e[1], *e[3:]]),
    "an entry taken out": bundle(FIRST, lambda e: [*e[:5], *e[6:]]),
    "the tail cut": bundle(LAST, lambda e: e[:-1]),
    "an entry more": bundle(LAST, lambda e: [*e, e[-1]]),
    "a leaf hash": change("tile/0/001", lambda raw: flip(raw, 99)),
    "an upper hash": change("tile/1/000.p/2", lambda raw: flip(raw, 40)),
    "a leaf tile deleted": lambda export: (export / "tile/0/001").unlink(),
    "the checkpoint": change(CHECKPOINT, lambda raw: flip(raw, 40)),
    "another key's checkpoint": lambda export: (export / CHECKPOINT).write_bytes(log().note(SIZE, OTHER_KEY)),
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_refused_here_and_elsewhere(
    verifier: Path, export: Path, tamper: Callable[[Path], object]
) -> None:
    """Both verifiers refuse what either would be deceived by."""
    tamper(export)
    with pytest.raises(IntegrityError):
        verify_static(export, KEYS)
    code, said = run(verifier, export)
    assert code == 1 and said


def test_a_cut_or_rewritten_log_is_refused_here_and_elsewhere(
    verifier: Path, tmp_path: Path, older: Callable[[Chain, int], Path]
) -> None:
    """Whole in themselves and signed by the right key, but not the log somebody has seen before."""
    for name, source, size in (("cut", log(), 280), ("rewritten", rewritten(log(), 200), SIZE)):
        export_static(tmp_path / name, source, source.note(size))
        assert run(verifier, tmp_path / name)[0] == 0
        kept = older(log(), 300)
        with pytest.raises(IntegrityError):
            verify_static(tmp_path / name, KEYS, kept.read_bytes())
        assert run(verifier, tmp_path / name, kept)[0] == 1


def test_the_wrong_key_is_refused_elsewhere(verifier: Path, export: Path) -> None:
    """The vkey we print is the one they read, and only that one."""
    code, said = run(verifier, export, vkey=OTHER_KEY.verifier.vkey())
    assert code == 1 and "no verifiable signatures" in said
    assert run(verifier, export, vkey="nonsense")[0] == 1


def test_the_committed_vectors_verify_elsewhere(verifier: Path) -> None:
    """The log among the test vectors, its key and its older checkpoint, as they lie in the repository."""
    vectors = SOURCE.parent.parent / "vectors"
    vkey = (vectors / "vkey").read_text().rstrip("\n")
    assert run(verifier, vectors / "log", vectors / "older-checkpoint", vkey)[0] == 0
