"""RFC 6962 Merkle trees over SHA-256: roots, right edges, inclusion and consistency proofs.

Hashes are 32 raw bytes. `leaves` always means leaf *hashes* in index order (`leaf_hash` of the entry's
bytes), never the entries. Proofs are lists of hashes ordered from the leaf's sibling up to the root's child,
as RFC 6962, section 2.1 and RFC 9162, section 2.1 define them. Proof makers read the leaves once, in order,
with memory logarithmic in the size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ledger.errors import ProofInvalid, Refused

HASH_SIZE = 32
MAX_SIZE = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()

Span = tuple[int, int]


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry's exact bytes (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two child hashes (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _require_hash(value: bytes) -> bytes:
    if len(value) != HASH_SIZE:
        raise Refused(f"a hash has {len(value)} bytes instead of {HASH_SIZE}", "pass SHA-256 hashes")
    return value


@dataclass(frozen=True, slots=True)
class RightEdge:
    """The roots of the perfect subtrees that make up a tree of `size` leaves, largest first.

    It is all a log must remember to append and to know its root: one hash for each 1-bit of `size`.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.nodes) != self.size.bit_count():
            raise Refused(f"a right edge of size {self.size} cannot have {len(self.nodes)} nodes")
        for node in self.nodes:
            _require_hash(node)

    def append(self, leaf: bytes) -> RightEdge:
        """The edge after one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> RightEdge:
        """The edge after these further leaf hashes, in order."""
        nodes, size = list(self.nodes), self.size
        for leaf in leaves:
            node, carry = _require_hash(leaf), size
            while carry & 1:
                node = node_hash(nodes.pop(), node)
                carry >>= 1
            nodes.append(node)
            size += 1
        return RightEdge(size, tuple(nodes))

    def root(self) -> bytes:
        """The RFC 6962 root; SHA-256 of nothing for the empty tree."""
        if not self.nodes:
            return EMPTY_ROOT
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = node_hash(left, node)
        return node

    def encode(self) -> bytes:
        """Eight bytes of size, big-endian, then the nodes. Twin of `parse`."""
        return self.size.to_bytes(8, "big") + b"".join(self.nodes)

    @classmethod
    def parse(cls, raw: bytes) -> RightEdge:
        """The edge that `encode` wrote; raises Refused for anything else."""
        body = raw[8:]
        if len(raw) < 8 or len(body) % HASH_SIZE:
            raise Refused(f"{len(raw)} bytes are not a right edge")
        nodes = tuple(body[at : at + HASH_SIZE] for at in range(0, len(body), HASH_SIZE))
        return cls(int.from_bytes(raw[:8], "big"), nodes)

    def spans(self) -> dict[Span, bytes]:
        """Each node under the span `(first, end)` of leaf indices that it covers."""
        known: dict[Span, bytes] = {}
        start = 0
        for node in self.nodes:
            width = 1 << ((self.size - start).bit_length() - 1)
            known[(start, start + width)] = node
            start += width
        return known


def root(leaves: Iterable[bytes]) -> bytes:
    """Root of the tree over these leaf hashes."""
    return RightEdge().extend(leaves).root()


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (RFC 6962, section 2.1); `width` is at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def _inclusion_spans(index: int, size: int) -> list[Span]:
    spans: list[Span] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first = middle
    return spans[::-1]


def _consistency_spans(old: int, new: int) -> list[Span]:
    if old in (0, new):
        return []
    spans: list[Span] = []
    first, end = 0, new
    while end != old:
        middle = first + _split(end - first)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first = middle
    return ([(first, end)] if first else []) + spans[::-1]


def _hash_spans(
    wanted: Iterable[Span], leaves: Iterator[bytes], size: int, known: Mapping[Span, bytes]
) -> dict[Span, bytes]:
    """The hash of each wanted subtree of a tree of `size`; reads once the leaves `known` does not cover."""
    found: dict[Span, bytes] = {}
    wanted = frozenset(wanted)

    def walk(first: int, end: int) -> bytes:
        span = (first, end)
        node = known.get(span)
        if node is None:
            if end - first == 1:
                node = _next_leaf(leaves, first)
            else:
                middle = first + _split(end - first)
                left = walk(first, middle)
                node = node_hash(left, walk(middle, end))
        if span in wanted:
            found[span] = node
        return node

    walk(0, size)
    return found


def _next_leaf(leaves: Iterator[bytes], index: int) -> bytes:
    leaf = next(leaves, None)
    if leaf is None:
        raise Refused(f"the leaf hashes end before index {index}", "pass all leaves up to the tree's size")
    return _require_hash(leaf)


def _require_size(size: int) -> None:
    if not 0 <= size <= MAX_SIZE:
        raise Refused(f"{size} is not a tree size")


def inclusion_proofs(leaves: Iterable[bytes], indices: Iterable[int], size: int) -> dict[int, list[bytes]]:
    """Inclusion proofs of several indices in the tree of `size`, in one pass over its leaf hashes."""
    _require_size(size)
    plan: dict[int, list[Span]] = {}
    for index in indices:
        if not 0 <= index < size:
            raise Refused(f"a tree of size {size} has no index {index}", "prove an index below the size")
        plan[index] = _inclusion_spans(index, size)
    if not plan:
        return {}
    nodes = _hash_spans(chain.from_iterable(plan.values()), iter(leaves), size, {})
    return {index: [nodes[span] for span in spans] for index, spans in plan.items()}


def inclusion_proof(leaves: Iterable[bytes], index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, section 2.1.1."""
    return inclusion_proofs(leaves, (index,), size)[index]


def consistency_proof(leaves: Iterable[bytes], old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962, section 2.1.2; empty for `old` 0 or equal to `new`."""
    _require_size(new)
    if not 0 <= old <= new:
        raise Refused(f"a tree of size {new} never had size {old}", "prove from a size that is not larger")
    spans = _consistency_spans(old, new)
    if not spans:
        return []
    nodes = _hash_spans(spans, iter(leaves), new, {})
    return [nodes[span] for span in spans]


def extension_proof(edge: RightEdge, added: Sequence[bytes]) -> list[bytes]:
    """The consistency proof from `edge` to the tree with `added` leaf hashes more; needs no older leaf."""
    new = edge.size + len(added)
    spans = _consistency_spans(edge.size, new)
    if not spans:
        return []
    nodes = _hash_spans(spans, iter(added), new, edge.spans())
    return [nodes[span] for span in spans]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bytes:
    """The root, once the proof leads from `leaf` (a leaf hash) at `index` to it (RFC 9162, section 2.1.3.2).

    Raises ProofInvalid otherwise.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofInvalid(f"there is no index {index} in a tree of size {size}")
    _require_hashes((leaf, root, *proof))
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid(f"the inclusion proof of index {index} is too long")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last or node != root:
        raise ProofInvalid(f"the inclusion proof of index {index} does not lead to the root of size {size}")
    return root


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bytes:
    """The new root, once the proof shows that the old tree is its beginning (RFC 9162, section 2.1.4.2).

    From size 0 only the empty root and an empty proof are accepted. Raises ProofInvalid otherwise.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise ProofInvalid(f"a tree of size {new} cannot have grown from size {old}")
    _require_hashes((old_root, new_root, *proof))
    if old in (0, new):
        same = old_root == (new_root if old == new else EMPTY_ROOT)
        if proof or not same or (new == 0 and new_root != EMPTY_ROOT):
            raise ProofInvalid(f"the trees of sizes {old} and {new} do not agree")
        return new_root
    if _fold_consistency(old, new, old_root, proof) != (old_root, new_root):
        raise ProofInvalid(f"the consistency proof from size {old} to {new} does not lead to both roots")
    return new_root


def _fold_consistency(old: int, new: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise ProofInvalid(f"the consistency proof from size {old} to {new} is empty")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofInvalid(f"the consistency proof from size {old} to {new} is too long")
        if position & 1 or position == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofInvalid(f"the consistency proof from size {old} to {new} is too short")
    return before, after


def _require_hashes(hashes: Iterable[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_SIZE:
            raise ProofInvalid(f"a proof holds a hash of {len(value)} bytes instead of {HASH_SIZE}")
