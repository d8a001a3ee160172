"""Merkle trees: the published vectors, and the laws every proof keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofInvalid, Refused
from ledger.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    RightEdge,
    consistency_proof,
    extension_proof,
    inclusion_proof,
    inclusion_proofs,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from tests.ledger.chain import flip

VECTORS = json.loads((Path(__file__).parent / "rfc6962.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]
ROOTS = [bytes.fromhex(value) for value in VECTORS["roots"]]
MANY = [leaf_hash(index.to_bytes(4, "big")) for index in range(600)]
SIZES = st.integers(1, len(MANY))


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(naive_root(leaves[:half]), naive_root(leaves[half:]))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_published(size: int) -> None:
    """The root of the first leaves is the reference root, for every size from 0."""
    assert root(LEAVES[:size]) == ROOTS[size]


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_inclusion_proofs_are_those_published(vector: dict[str, object]) -> None:
    """The proof made is the reference proof, and it verifies."""
    index, size = int(str(vector["index"])), int(str(vector["size"]))
    proof = [bytes.fromhex(node) for node in vector["proof"]]  # type: ignore[attr-defined]
    assert inclusion_proof(LEAVES, index, size) == proof
    assert verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size]) == ROOTS[size]


@pytest.mark.parametrize("vector", VECTORS["consistency"])
def test_consistency_proofs_are_those_published(vector: dict[str, object]) -> None:
    """The proof made is the reference proof, and it verifies."""
    old, new = int(str(vector["old"])), int(str(vector["new"]))
    proof = [bytes.fromhex(node) for node in vector["proof"]]  # type: ignore[attr-defined]
    assert consistency_proof(LEAVES, old, new) == proof
    assert verify_consistency(old, ROOTS[old], new, ROOTS[new], proof) == ROOTS[new]


@given(SIZES)
def test_an_edge_has_the_root_of_its_leaves(size: int) -> None:
    """Appending leaf by leaf gives the root of the definition, and the edge survives being written down."""
    edge = RightEdge().extend(MANY[:size])
    assert edge.root() == naive_root(MANY[:size]) == root(MANY[:size])
    assert RightEdge.parse(edge.encode()) == edge
    assert edge.append(MANY[0]).size == size + 1


@given(st.data(), SIZES)
def test_every_inclusion_proof_verifies(data: st.DataObject, size: int) -> None:
    """For any index in any tree, the proof leads to the root."""
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(iter(MANY), index, size)
    verify_inclusion(MANY[index], index, size, proof, root(MANY[:size]))


@given(st.data(), SIZES)
def test_every_consistency_proof_verifies(data: st.DataObject, new: int) -> None:
    """For any two sizes the proof verifies; made from the right edge alone it is the same proof."""
    old = data.draw(st.integers(0, new))
    proof = consistency_proof(iter(MANY), old, new)
    verify_consistency(old, root(MANY[:old]), new, root(MANY[:new]), proof)
    assert extension_proof(RightEdge().extend(MANY[:old]), MANY[old:new]) == proof


def test_several_proofs_come_from_one_pass() -> None:
    """Asked for together, proofs are the same as asked for one by one, and none cost nothing."""
    wanted = [0, 17, 99]
    assert inclusion_proofs(iter(MANY), wanted, 100) == {i: inclusion_proof(MANY, i, 100) for i in wanted}
    assert inclusion_proofs(iter(()), (), 100) == {}


@given(st.data(), SIZES)
def test_every_one_bit_change_of_an_inclusion_fails(data: st.DataObject, size: int) -> None:
    """A bit flipped in the leaf, the root or any hash of the proof is refused; so is another index."""
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 255))
    leaf, top = MANY[index], root(MANY[:size])
    proof = inclusion_proof(MANY, index, size)
    place = data.draw(st.integers(0, len(proof) + 1))
    parts = [leaf, top, *proof]
    parts[place] = flip(parts[place], bit // 8, bit % 8)
    with pytest.raises(ProofInvalid):
        verify_inclusion(parts[0], index, size, parts[2:], parts[1])
    other = data.draw(st.integers(0, size))
    if other != index:
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf, other, size, proof, top)


@given(st.data(), SIZES)
def test_every_one_bit_change_of_a_consistency_fails(data: st.DataObject, new: int) -> None:
    """A bit flipped in either root or any hash of the proof is refused."""
    old = data.draw(st.integers(0, new))
    bit = data.draw(st.integers(0, 255))
    proof = consistency_proof(MANY, old, new)
    place = data.draw(st.integers(0, len(proof) + 1 if old else 0))
    parts = [root(MANY[:old]), root(MANY[:new]), *proof]
    parts[place] = flip(parts[place], bit // 8, bit % 8)
    with pytest.raises(ProofInvalid):
        verify_consistency(old, parts[0], new, parts[1], parts[2:])


@given(st.data(), SIZES)
def test_a_proof_of_another_length_fails(data: st.DataObject, size: int) -> None:
    """One hash more or less is refused, at either end."""
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    top = root(MANY[:size])
    path, growth = inclusion_proof(MANY, index, size), consistency_proof(MANY, old, size)
    for changed in ([*path, MANY[0]], [MANY[0], *path], *([path[1:], path[:-1]] if path else [])):
        with pytest.raises(ProofInvalid):
            verify_inclusion(MANY[index], index, size, changed, top)
    for changed in ([*growth, MANY[0]], [MANY[0], *growth], *([growth[1:], growth[:-1]] if growth else [])):
        with pytest.raises(ProofInvalid):
            verify_consistency(old, root(MANY[:old]), size, top, changed)


def test_a_proof_is_of_one_size() -> None:
    """The root of two leaves is not that of four, though the proof leads to it."""
    proof = inclusion_proof(MANY, 0, 2)
    with pytest.raises(ProofInvalid):
        verify_inclusion(MANY[0], 0, 4, proof, root(MANY[:2]))


IMPOSSIBLE: list[tuple[str, Callable[[], object]]] = [
    ("an index past the end", lambda: verify_inclusion(MANY[0], 3, 3, [], EMPTY_ROOT)),
    ("a negative index", lambda: verify_inclusion(MANY[0], -1, 3, [], EMPTY_ROOT)),
    ("a size past the limit", lambda: verify_inclusion(MANY[0], 0, MAX_SIZE + 1, [], EMPTY_ROOT)),
    ("a short leaf", lambda: verify_inclusion(b"x", 0, 1, [], b"x")),
    ("a shrinking tree", lambda: verify_consistency(2, MANY[0], 1, MANY[1], [])),
    ("a negative size", lambda: verify_consistency(-1, EMPTY_ROOT, 1, MANY[1], [])),
    ("two roots of one size", lambda: verify_consistency(2, MANY[0], 2, MANY[1], [])),
    ("an empty tree with a root of its own", lambda: verify_consistency(0, MANY[0], 0, MANY[0], [])),
    ("growth from a false empty root", lambda: verify_consistency(0, MANY[0], 5, MANY[1], [])),
    ("a proof where none is due", lambda: verify_consistency(0, EMPTY_ROOT, 5, MANY[1], [MANY[0]])),
    ("no proof where one is due", lambda: verify_consistency(3, MANY[0], 5, MANY[1], [])),
]


@pytest.mark.parametrize(("what", "check"), IMPOSSIBLE, ids=[what for what, _ in IMPOSSIBLE])
def test_impossible_claims_are_refused(what: str, check: Callable[[], object]) -> None:
    """Claims that no tree could fulfil raise ProofInvalid, whatever the hashes."""
    with pytest.raises(ProofInvalid):
        check()


def test_an_empty_tree_agrees_with_itself() -> None:
    """From nothing to nothing, and from nothing to anything, no proof is needed."""
    assert verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, []) == EMPTY_ROOT
    assert verify_consistency(0, EMPTY_ROOT, 5, MANY[0], []) == MANY[0]


MALFORMED: list[tuple[str, Callable[[], object]]] = [
    ("an edge with too few nodes", lambda: RightEdge(3, (MANY[0],))),
    ("an edge with a short node", lambda: RightEdge(1, (b"x",))),
    ("an edge of negative size", lambda: RightEdge(-1)),
    ("a short leaf hash", lambda: RightEdge().append(b"x")),
    ("bytes that end early", lambda: RightEdge.parse(b"\0" * 7)),
    ("half a node", lambda: RightEdge.parse((1).to_bytes(8, "big") + b"\0" * 31)),
    ("a proof past the end", lambda: inclusion_proof(MANY, 5, 5)),
    ("a proof in a negative tree", lambda: inclusion_proof(MANY, 0, -1)),
    ("a proof from a larger tree", lambda: consistency_proof(MANY, 6, 5)),
    ("leaves that end early", lambda: inclusion_proof(MANY[:4], 1, 5)),
    ("a leaf of the wrong length", lambda: inclusion_proof([b"x"] * 5, 1, 5)),
]


@pytest.mark.parametrize(("what", "call"), MALFORMED, ids=[what for what, _ in MALFORMED])
def test_malformed_input_is_refused(what: str, call: Callable[[], object]) -> None:
    """What is no tree, edge or index raises Refused instead of giving a wrong answer."""
    with pytest.raises(Refused):
        call()
