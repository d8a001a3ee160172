"""Signed notes and their Ed25519 keys, after C2SP signed-note (https://c2sp.org/signed-note).

A note is UTF-8 text ending in a newline, an empty line, and signature lines
`— <name> base64(key id || signature)`. Reading is strict (canonical base64, no control characters, nothing
after the last line) and bounded; signatures by unknown keys are carried along and ignored, as the
specification demands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.errors import IntegrityError, Kind, Refused

MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 100
ED25519 = b"\x01"
_LINE = "\N{EM DASH} "
_SECRET = "PRIVATE+KEY+"  # the words that open a private key line, in which `+` stands between the fields


def encode_base64(raw: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(raw).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes `encode_base64` would write as `text`; raises Refused for any other spelling."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Refused("a base64 value is malformed") from error
    if encode_base64(raw) != text:
        raise Refused("a base64 value is not in its one canonical spelling")
    return raw


def check_name(name: str) -> str:
    """The key name itself, once it is one: non-empty, without spaces, plus signs or control characters."""
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise Refused("a key name is empty or holds a space, a plus sign or a control character")
    return name


def key_id(name: str, public: bytes) -> bytes:
    """First four bytes of SHA-256(name || 0x0A || 0x01 || public key)."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A trusted Ed25519 key: its name and its 32 public bytes.

    The vkey form is `name+<8 hex of the key id>+base64(0x01||public)`.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != 32:
            raise Refused(f"the Ed25519 key {self.name} has {len(self.public)} bytes instead of 32")

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, tell this key apart in a signature line."""
        return key_id(self.name, self.public)

    def vkey(self) -> str:
        """The verifier key line. Twin of `parse`."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(ED25519 + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """The key that `vkey()` wrote; raises Refused for any other text, also for other algorithms."""
        name, identity, raw = _key_fields(vkey)
        verifier = cls(name, raw)
        if identity != verifier.key_id.hex():
            raise Refused(f"the key id of {name} does not belong to its key", "copy the whole vkey line again")
        return verifier

    def verify(self, text: bytes, signature: bytes) -> bytes:
        """The signature, once it is this key's over `text`; else raises IntegrityError (UNTRUSTED KEY)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature as error:
            raise _untrusted(f"the signature by {self.name} does not fit the note") from error
        return signature


def _key_fields(line: str) -> tuple[str, str, bytes]:
    fields = line.split("+", 2)
    raw = decode_base64(fields[2]) if len(fields) == 3 else b""
    if len(raw) != 33 or raw[:1] != ED25519:
        raise Refused("this is not an Ed25519 key in vkey form", "pass one line: name+hash+base64")
    return fields[0], fields[1], raw[1:]


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """An Ed25519 private key (32-byte seed) with its name.

    Its file form is `PRIVATE+KEY+name+<8 hex of the key id>+base64(0x01||seed)`.
    """

    name: str
    seed: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.seed) != 32:
            raise Refused(f"the seed of {self.name} has {len(self.seed)} bytes instead of 32")

    def __repr__(self) -> str:
        return f"SigningKey(name={self.name!r})"

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._private().public_key().public_bytes_raw())

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def format(self) -> str:
        """The private key line. Twin of `parse`."""
        return f"{_SECRET}{self.name}+{self.verifier.key_id.hex()}+{encode_base64(ED25519 + self.seed)}"

    @classmethod
    def parse(cls, line: str) -> SigningKey:
        """The key that `format` wrote; raises Refused for anything else."""
        if not line.startswith(_SECRET):
            raise Refused("this is not a private key line")
        name, identity, seed = _key_fields(line.removeprefix(_SECRET))
        key = cls(name, seed)
        if identity != key.verifier.key_id.hex():
            raise Refused(f"the key id of {name} does not belong to its private key")
        return key

    def sign(self, text: bytes) -> Signature:
        """This key's signature over a note's text."""
        return Signature(self.name, self.verifier.key_id, self._private().sign(text))


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, key id (4 bytes), and the signature's own bytes, at least one."""

    name: str
    key_id: bytes
    signature: bytes

    def format(self) -> str:
        """The line with its newline. Twin of `parse`."""
        return f"{_LINE}{self.name} {encode_base64(self.key_id + self.signature)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """The signature on a line given without its newline; raises Refused if it is not one."""
        name, separator, encoded = line.removeprefix(_LINE).partition(" ")
        if not line.startswith(_LINE) or not separator:
            raise Refused("a signature line of the note is malformed")
        raw = decode_base64(encoded)
        if len(raw) < 5:
            raise Refused("a signature of the note is too short")
        return cls(check_name(name), raw[:4], raw[4:])


@dataclass(frozen=True, slots=True)
class Note:
    """A note's text (bytes with the final newline) and its signatures, none of them verified yet."""

    text: bytes
    signatures: tuple[Signature, ...]

    def format(self) -> bytes:
        """The exact bytes of the note. Twin of `parse`."""
        return self.text + b"\n" + "".join(signature.format() for signature in self.signatures).encode()

    @classmethod
    def parse(cls, raw: bytes) -> Note:
        """The note in `raw`; raises Refused if it is malformed, too long, or has too many signatures."""
        if len(raw) > MAX_NOTE_BYTES:
            raise Refused(f"the note has {len(raw)} bytes, at most {MAX_NOTE_BYTES} are read")
        try:
            decoded = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused("the note is not UTF-8") from error
        if any(char < " " and char != "\n" for char in decoded):
            raise Refused("the note holds a control character")
        text, separator, lines = decoded.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise Refused("the note has no signature lines after an empty line")
        signatures = lines[:-1].split("\n")
        if len(signatures) > MAX_SIGNATURES:
            raise Refused(f"the note has {len(signatures)} signatures, at most {MAX_SIGNATURES} are read")
        return cls((text + "\n").encode(), tuple(Signature.parse(line) for line in signatures))


def sign_note(text: bytes, *keys: SigningKey) -> bytes:
    """A note over `text` (with its final newline), signed by each key in turn."""
    raw = Note(text, tuple(key.sign(text) for key in keys)).format()
    Note.parse(raw)
    return raw


def open_note(raw: bytes, verifiers: Sequence[Verifier]) -> tuple[bytes, tuple[Verifier, ...]]:
    """The note's text and the trusted keys that signed it, each named once, in the order of `verifiers`.

    Raises IntegrityError (UNTRUSTED KEY) if the note is malformed, if any signature that names a trusted key
    does not verify, or if no trusted key signed it.
    """
    try:
        note = Note.parse(raw)
    except Refused as error:
        raise _untrusted(f"this is no signed note: {error.message}") from error
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    if len(known) != len(set(verifiers)):
        raise Refused("two of the trusted keys share name and key id", "trust only one of them")
    signed = set()
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is not None:
            verifier.verify(note.text, signature.signature)
            signed.add(verifier)
    if not signed:
        raise _untrusted("no trusted key has signed the note")
    return note.text, tuple(verifier for verifier in known.values() if verifier in signed)


def _untrusted(message: str) -> IntegrityError:
    hint = "compare the key you passed with the one the log's owner published"
    return IntegrityError(Kind.UNTRUSTED_KEY, message, hint=hint)
