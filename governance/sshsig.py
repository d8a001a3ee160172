"""Signatures of people: the SSHSIG format that `ssh-keygen -Y sign` writes, verified here without running it.

Source: OpenSSH PROTOCOL.sshsig, PROTOCOL.u2f, RFC 4253 section 6.6, RFC 5656, RFC 8709. Key types: ssh-ed25519,
ecdsa-sha2-nistp256 and sk-ssh-ed25519@openssh.com (a security key; the user-present flag is demanded).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from governance.errors import InputError

APPROVAL_NAMESPACE = "approval.v1@qayd"
ED25519 = "ssh-ed25519"
P256 = "ecdsa-sha2-nistp256"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
KEY_TYPES = (ED25519, P256, SK_ED25519)

MAX_ARMOR = 8_192
MAX_KEY_LINE = 2_048
MAX_MESSAGE = 65_535
_MAGIC = b"SSHSIG"
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_HASHES = {"sha512": hashlib.sha512, "sha256": hashlib.sha256}
_USER_PRESENT = 0x01
_LINE = 70
_HINT = "sign with: ssh-keygen -Y sign -f YOUR_KEY -n approval.v1@qayd STATEMENT"


class SignatureInvalid(InputError):
    """The signature is malformed, is by another key, or does not match what was to be signed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, _HINT)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as OpenSSH writes it: its type and its wire bytes."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:<base64 without padding>`, as `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii").rstrip("=")

    @property
    def line(self) -> str:
        """The two fields of a public key file, without a comment; `parse_public_key` is the twin."""
        return f"{self.type} {base64.b64encode(self.blob).decode('ascii')}"


def credential_id(blob: bytes) -> str:
    """Return the name of the credential with this key: its OpenSSH fingerprint."""
    return PublicKey("", blob).fingerprint


def parse_public_key(line: str) -> PublicKey:
    """Read one line of an OpenSSH public key file (`type base64 [comment]`); raises InputError.

    The comment is dropped, because it often names a person.
    """
    hint = "give the .pub file of an Ed25519, sk-Ed25519 or ECDSA P-256 key (ssh-keygen -t ed25519)"
    if len(line) > MAX_KEY_LINE or "\n" in line.rstrip("\r\n"):
        raise InputError(f"a public key is one line of at most {MAX_KEY_LINE} characters", hint)
    fields = line.split(maxsplit=2)
    if len(fields) < 2 or fields[0] not in KEY_TYPES:
        raise InputError(f"not a public key of a supported type ({', '.join(KEY_TYPES)})", hint)
    try:
        key = PublicKey(fields[0], _base64(fields[1]))
        _load(key)
    except SignatureInvalid as error:
        raise InputError(f"the public key is malformed: {error.message}", hint) from error
    return key


def verify_sshsig(armored: str, message: bytes, *, namespace: str, key: PublicKey) -> bytes:
    """Return the wire bytes of the key that signed `message` under `namespace`, which must be `key`.

    Raises SignatureInvalid for anything else: foreign key, other namespace, malformed or trailing bytes.
    """
    reader = _Reader(_unarmor(armored))
    if reader.take(len(_MAGIC)) != _MAGIC or reader.integer() != 1:
        raise SignatureInvalid("not an SSH signature of version 1")
    blob, found, reserved = reader.string(), reader.string(), reader.string()
    algorithm, signature = reader.string(), reader.string()
    reader.end()
    if blob != key.blob:
        raise SignatureInvalid("the signature is by another key than the one enrolled")
    if found != namespace.encode("ascii") or not found:
        raise SignatureInvalid(f"the signature is not for the namespace {namespace}")
    if reserved:
        raise SignatureInvalid("the signature's reserved field is not empty")
    signed = _signed(namespace, algorithm.decode("ascii", "replace"), message)
    _verify(key, signature, signed)
    return blob


def sign_sshsig(private_key: Ed25519PrivateKey | EllipticCurvePrivateKey, namespace: str, message: bytes) -> str:
    """Return the armored signature of `message`, in the form `ssh-keygen -Y verify` accepts (hash sha512)."""
    key = public_key(private_key)
    signed = _signed(namespace, "sha512", message)
    if isinstance(private_key, Ed25519PrivateKey):
        raw = private_key.sign(signed)
    else:
        r, s = decode_dss_signature(private_key.sign(signed, ECDSA(hashes.SHA256())))
        raw = _mpint(r) + _mpint(s)
    fields = (key.blob, namespace.encode("ascii"), b"", b"sha512", _string(key.type.encode()) + _string(raw))
    return _armor(_MAGIC + (1).to_bytes(4, "big") + b"".join(_string(field) for field in fields))


def public_key(private_key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> PublicKey:
    """Return the OpenSSH public key of a private key; raises InputError for a curve other than P-256."""
    if isinstance(private_key, EllipticCurvePrivateKey) and not isinstance(private_key.curve, SECP256R1):
        raise InputError("only the curve P-256 is supported for ECDSA keys", "make one: ssh-keygen -t ed25519")
    line = private_key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return parse_public_key(line.decode("ascii"))


def _signed(namespace: str, algorithm: str, message: bytes) -> bytes:
    if algorithm not in _HASHES:
        raise SignatureInvalid("the signature's hash is neither sha512 nor sha256")
    if len(message) > MAX_MESSAGE:
        raise SignatureInvalid(f"the message is longer than {MAX_MESSAGE} bytes")
    digest = _HASHES[algorithm](message).digest()
    fields = (namespace.encode("ascii"), b"", algorithm.encode("ascii"), digest)
    return _MAGIC + b"".join(_string(field) for field in fields)


def _verify(key: PublicKey, signature: bytes, signed: bytes) -> None:
    reader = _Reader(signature)
    if reader.string() != key.type.encode("ascii"):
        raise SignatureInvalid("the signature's algorithm is not that of its key")
    raw = reader.string()
    loaded, application = _load(key)
    if key.type == SK_ED25519:
        flags, counter = reader.take(1), reader.take(4)
        if not flags[0] & _USER_PRESENT:
            raise SignatureInvalid("the security key did not see its user present")
        digests = hashlib.sha256(application).digest(), hashlib.sha256(signed).digest()
        signed = digests[0] + flags + counter + digests[1]
    reader.end()
    try:
        if isinstance(loaded, Ed25519PublicKey):
            loaded.verify(raw, signed)
        else:
            loaded.verify(_dss(raw), signed, ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise SignatureInvalid("the signature does not match the statement") from error


def _load(key: PublicKey) -> tuple[Ed25519PublicKey | EllipticCurvePublicKey, bytes]:
    """Return the usable key and, for a security key, its application; raises SignatureInvalid."""
    reader = _Reader(key.blob)
    if reader.string() != key.type.encode("ascii"):
        raise SignatureInvalid("the key's type and its bytes disagree")
    loaded: Ed25519PublicKey | EllipticCurvePublicKey
    application = b""
    try:
        if key.type == P256:
            if reader.string() != b"nistp256":
                raise SignatureInvalid("the key's curve is not nistp256")
            point = reader.string()
            if len(point) != 65:
                raise SignatureInvalid("the key's point is not uncompressed")
            loaded = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        else:
            loaded = Ed25519PublicKey.from_public_bytes(reader.string())
            application = reader.string() if key.type == SK_ED25519 else b""
    except ValueError as error:
        raise SignatureInvalid("the key's bytes are not a point of its curve") from error
    reader.end()
    return loaded, application


def _dss(raw: bytes) -> bytes:
    reader = _Reader(raw)
    r, s = reader.mpint(), reader.mpint()
    reader.end()
    return encode_dss_signature(r, s)


class _Reader:
    """Reads the SSH wire format (RFC 4251 section 5), refusing what runs over or is left over."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def take(self, size: int) -> bytes:
        if size > len(self._raw) - self._at:
            raise SignatureInvalid("the bytes end too early")
        self._at += size
        return self._raw[self._at - size : self._at]

    def integer(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.integer())

    def mpint(self) -> int:
        raw = self.string()
        value = int.from_bytes(raw, "big", signed=True)
        if value <= 0 or _string(raw) != _mpint(value):
            raise SignatureInvalid("a number is negative or padded")
        return value

    def end(self) -> None:
        if self._at != len(self._raw):
            raise SignatureInvalid("bytes are left over")


def _string(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def _mpint(value: int) -> bytes:
    return _string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise SignatureInvalid("not base64") from error
    if base64.b64encode(raw).decode("ascii") != text:
        raise SignatureInvalid("base64 with stray bits")
    return raw


def _armor(raw: bytes) -> str:
    text = base64.b64encode(raw).decode("ascii")
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def _unarmor(armored: str) -> bytes:
    if len(armored) > MAX_ARMOR:
        raise SignatureInvalid(f"longer than {MAX_ARMOR} characters")
    lines = armored.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise SignatureInvalid("not between the lines BEGIN and END SSH SIGNATURE")
    return _base64("".join(lines[1:-1]))
