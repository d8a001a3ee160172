"""The committed test vectors are what the code writes today, and they verify."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.canonical import decode
from ledger.entry import commitment
from ledger.note import Verifier, decode_base64, encode_base64
from ledger.receipt import verify_receipt
from ledger.trail import verify_trail
from ledger.verify import verify_static
from tests.vectors.generate import generate

VECTORS = Path(__file__).parent.parent / "vectors"
NOT_VECTORS = {".gitattributes", "README.md", "generate.py"}
KEYS = (Verifier.parse((VECTORS / "vkey").read_text().rstrip("\n")),)
OLDER = (VECTORS / "older-checkpoint").read_bytes()


def files(directory: Path) -> dict[str, bytes]:
    """Every vector under its path."""
    found = (path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(directory)): path.read_bytes() for path in found if path.name not in NOT_VECTORS}


def test_the_vectors_are_what_the_code_writes(tmp_path: Path) -> None:
    """Made anew, they are the same to the byte: the format has not moved."""
    generate(tmp_path)
    assert files(tmp_path) == files(VECTORS)


def test_the_vectors_verify() -> None:
    """The log, the receipt, and the four trails, against the key and the older checkpoint."""
    assert verify_static(VECTORS / "log", KEYS, OLDER).size == 6
    receipt = [(VECTORS / name).read_bytes() for name in ("3.tlog-proof", "3.json")]
    assert verify_receipt(receipt[0], receipt[1], KEYS)[0].type == "evidence.measured.v1"


@pytest.mark.parametrize(
    ("kind", "indices"),
    [("whole", [0, 1, 2, 3, 4, 5]), ("range", [1, 2, 3]), ("subject", [1, 5]), ("selection", [0, 3, 4])],
)
def test_the_trails_among_the_vectors_verify(kind: str, indices: list[int]) -> None:
    """Each scope shows its entries and the document that entry 3 names."""
    with verify_trail(VECTORS / f"{kind}.trail", KEYS, OLDER) as trail:
        assert [entry.index for entry in trail.entries()] == indices
        assert trail.blob(trail.blobs()[0]).startswith(b'{"kind":"fairness"')


def test_the_sealed_value_opens_its_commitment() -> None:
    """The parts written down give the commitment that entry 4 shows."""
    parts = decode((VECTORS / "sealed.json").read_bytes())
    salt, names = decode_base64(parts["salt"]), ("origin", "source", "id", "pointer")
    made = encode_base64(commitment(*(parts[name] for name in names), salt, parts["value"]))
    assert made == parts["commitment"]
    with verify_trail(VECTORS / "selection.trail", KEYS) as trail:
        assert [entry.data["reason"]["sealed"]["c"] for entry in trail.entries() if entry.index == 4] == [made]
