"""People's signatures: against OpenSSH in both directions, and every way of getting one wrong."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InputError
from governance.sshsig import (
    APPROVAL_NAMESPACE,
    P256,
    SK_ED25519,
    PublicKey,
    SignatureInvalid,
    credential_id,
    parse_public_key,
    public_key,
    sign_sshsig,
    verify_sshsig,
)

MESSAGE = b'{"answer":"approve","v":"qayd/approval/v1"}'
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
TYPES = (("ed25519", ()), ("ecdsa", ("-b", "256")))


def keygen(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["ssh-keygen", *map(str, arguments)], input=stdin, capture_output=True, timeout=30, check=False
    )


def fresh(directory: Path, kind: str, more: tuple[str, ...]) -> Path:
    path = directory / kind
    made = keygen("-q", "-t", kind, *more, "-N", "", "-C", "somebody", "-f", path)
    assert made.returncode == 0, made.stderr
    return path


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def armor(raw: bytes) -> str:
    return f"-----BEGIN SSH SIGNATURE-----\n{encoded(raw)}\n-----END SSH SIGNATURE-----\n"


@pytest.mark.parametrize(("kind", "more"), TYPES)
@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_we_accept_what_openssh_signs(tmp_path: Path, kind: str, more: tuple[str, ...], algorithm: str) -> None:
    """`ssh-keygen -Y sign` output verifies, gives back the key, and its fingerprint is OpenSSH's."""
    path = fresh(tmp_path, kind, more)
    options = ("-Y", "sign", "-q", "-O", f"hashalg={algorithm}", "-n", APPROVAL_NAMESPACE, "-f", path)
    signed = keygen(*options, stdin=MESSAGE)
    assert signed.returncode == 0, signed.stderr
    key = parse_public_key(path.with_suffix(".pub").read_text())
    assert verify_sshsig(signed.stdout.decode(), MESSAGE, namespace=APPROVAL_NAMESPACE, key=key) == key.blob
    assert key.fingerprint.encode() in keygen("-l", "-f", path).stdout
    with pytest.raises(SignatureInvalid):
        verify_sshsig(signed.stdout.decode(), MESSAGE + b" ", namespace=APPROVAL_NAMESPACE, key=key)


@pytest.mark.parametrize(("kind", "more"), TYPES)
def test_openssh_accepts_what_we_sign(tmp_path: Path, kind: str, more: tuple[str, ...]) -> None:
    """`ssh-keygen -Y verify` takes our signature, and refuses it for another message."""
    path = fresh(tmp_path, kind, more)
    private = load_ssh_private_key(path.read_bytes(), password=None)
    assert isinstance(private, Ed25519PrivateKey | ec.EllipticCurvePrivateKey)
    signature, allowed = tmp_path / "signature", tmp_path / "allowed"
    signature.write_text(sign_sshsig(private, APPROVAL_NAMESPACE, MESSAGE))
    allowed.write_text(f"someone {public_key(private).line}\n")
    options = ("-Y", "verify", "-f", allowed, "-I", "someone", "-n", APPROVAL_NAMESPACE, "-s", signature)
    assert keygen(*options, stdin=MESSAGE).returncode == 0
    assert keygen(*options, stdin=MESSAGE + b" ").returncode != 0


@given(st.binary(max_size=300), st.binary(min_size=32, max_size=32))
def test_signing_and_verifying_are_twins(message: bytes, seed: bytes) -> None:
    """Whatever is signed verifies, by that key alone."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    armored = sign_sshsig(private, "test@qayd", message)
    key = public_key(private)
    assert verify_sshsig(armored, message, namespace="test@qayd", key=key) == key.blob
    with pytest.raises(SignatureInvalid, match="namespace"):
        verify_sshsig(armored, message, namespace="other@qayd", key=key)
    with pytest.raises(SignatureInvalid, match="another key"):
        verify_sshsig(armored, message, namespace="test@qayd", key=public_key(OTHER))


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_changed_byte_verifies(position: int, change: int) -> None:
    """Flipping any bit of the wire bytes breaks the signature."""
    raw = bytearray(unarmor(sign_sshsig(KEY, APPROVAL_NAMESPACE, MESSAGE)))
    raw[position % len(raw)] ^= change
    with pytest.raises(SignatureInvalid):
        verify(armor(bytes(raw)))


@given(st.text(max_size=300) | st.binary(max_size=300).map(armor))
def test_rubbish_is_refused_with_our_own_error(text: str) -> None:
    """No input makes the parser fail in any other way."""
    with pytest.raises(SignatureInvalid) as caught:
        verify(text)
    assert "ssh-keygen -Y sign" in caught.value.hint


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: f"ssh-ed25519 {encoded(raw)}"))
def test_rubbish_keys_are_refused(line: str) -> None:
    """A public key line that is none is an input error."""
    with pytest.raises(InputError):
        parse_public_key(line)


def verify(armored: str, key: PublicKey | None = None, message: bytes = MESSAGE) -> bytes:
    return verify_sshsig(armored, message, namespace=APPROVAL_NAMESPACE, key=key or public_key(KEY))


def unarmor(armored: str) -> bytes:
    return base64.b64decode("".join(armored.splitlines()[1:-1]))


def string(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def wire(
    inner: bytes,
    *,
    blob: bytes | None = None,
    magic: bytes = b"SSHSIG",
    version: int = 1,
    namespace: str = APPROVAL_NAMESPACE,
    reserved: bytes = b"",
    algorithm: str = "sha512",
    after: bytes = b"",
) -> str:
    fields = (blob or public_key(KEY).blob, namespace.encode(), reserved, algorithm.encode(), inner)
    return armor(magic + version.to_bytes(4, "big") + b"".join(map(string, fields)) + after)


def to_sign(algorithm: str = "sha512", namespace: str = APPROVAL_NAMESPACE, reserved: bytes = b"") -> bytes:
    digest = hashlib.new(algorithm, MESSAGE).digest()
    return b"SSHSIG" + b"".join(map(string, (namespace.encode(), reserved, algorithm.encode(), digest)))


INNER = string(b"ssh-ed25519") + string(KEY.sign(to_sign()))
WRONG = {
    "other magic": wire(INNER, magic=b"SSHSIX"),
    "other version": wire(INNER, version=2),
    "reserved bytes": wire(string(b"ssh-ed25519") + string(KEY.sign(to_sign(reserved=b"x"))), reserved=b"x"),
    "bytes after": wire(INNER, after=b"x"),
    "bytes after the signature": wire(INNER + b"x"),
    "other hash": wire(string(b"ssh-ed25519") + string(KEY.sign(to_sign("sha1"))), algorithm="sha1"),
    "other algorithm": wire(string(b"ecdsa-sha2-nistp256") + string(KEY.sign(to_sign()))),
    "short signature": wire(string(b"ssh-ed25519") + string(b"x" * 63)),
    "no end line": wire(INNER).replace("-----END", "-----FIN"),
    "a line before": "x\n" + wire(INNER),
    "not base64": wire(INNER).replace("AAAAA", "*AAAA", 1),
    "too long": wire(INNER + b"x" * 8192),
}


def test_the_well_formed_one_is_accepted() -> None:
    """The wrong ones below differ from this one only in what their name says; CRLF line ends are fine."""
    assert verify(wire(INNER)) == public_key(KEY).blob
    assert verify(wire(INNER).replace("\n", "\r\n")) == public_key(KEY).blob


@pytest.mark.parametrize("armored", WRONG.values(), ids=WRONG)
def test_a_wrong_envelope_is_refused(armored: str) -> None:
    """Each deviation from the format is refused even where the curve signature itself is good."""
    with pytest.raises(SignatureInvalid):
        verify(armored)


def test_a_long_message_is_refused() -> None:
    """Statements have a size limit."""
    with pytest.raises(SignatureInvalid, match="longer"):
        sign_sshsig(KEY, APPROVAL_NAMESPACE, b"x" * 65_536)


def security_key(application: bytes = b"ssh:") -> PublicKey:
    raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PublicKey(SK_ED25519, string(SK_ED25519.encode()) + string(raw) + string(application))


def touched(flags: int, application: bytes = b"ssh:", after: bytes = b"") -> str:
    tail = bytes([flags]) + (7).to_bytes(4, "big")
    signed = hashlib.sha256(application).digest() + tail + hashlib.sha256(to_sign()).digest()
    inner = string(SK_ED25519.encode()) + string(KEY.sign(signed)) + tail + after
    return wire(inner, blob=security_key().blob)


def test_a_security_key_must_see_its_user() -> None:
    """PROTOCOL.u2f: application, flags and counter are signed; the user-present flag is demanded."""
    key = parse_public_key(security_key().line + " comment")
    assert verify(touched(0x01), key) == key.blob
    assert verify(touched(0x05), key) == key.blob
    for armored in (touched(0x00), touched(0x04), touched(0x01, b"ssh:other"), touched(0x01, after=b"x")):
        with pytest.raises(SignatureInvalid):
            verify(armored, key)


CURVE = ec.derive_private_key(7, ec.SECP256R1())


def curve(inner: bytes) -> str:
    return wire(string(P256.encode()) + string(inner), blob=public_key(CURVE).blob)


@pytest.mark.parametrize(
    "inner",
    [
        string(b"\x00") + string(b"\x01"),
        string(b"\x80") + string(b"\x01"),
        string(b"\x00\x01") + string(b"\x01"),
        string(b"") + string(b"\x01"),
        string(b"\x01") + string(b"\x01") + b"x",
        string(b"\x01") + string(b"\x01"),
    ],
    ids=["zero", "negative", "padded", "empty", "trailing", "wrong"],
)
def test_ecdsa_numbers_are_strict(inner: bytes) -> None:
    """r and s are positive, unpadded and alone (RFC 4251 mpint)."""
    assert verify(sign_sshsig(CURVE, APPROVAL_NAMESPACE, MESSAGE), public_key(CURVE))
    with pytest.raises(SignatureInvalid):
        verify(curve(inner), public_key(CURVE))


def key_line(type_: str, *fields: bytes, outer: str = "") -> str:
    return f"{outer or type_} {encoded(b''.join(map(string, (type_.encode(), *fields))))}"


def stray(line: str) -> str:
    """The same bytes in base64, but for bits that no byte uses."""
    assert line.endswith("=") and not line.endswith("==")
    return line[:-2] + chr(ord(line[-2]) + 1) + "="


POINT = public_key(CURVE).blob[-65:]
KEYS = {
    "RSA": "ssh-rsa AAAA",
    "no bytes": "ssh-ed25519",
    "two types": key_line("ssh-ed25519", b"x" * 32, outer=P256),
    "short": key_line("ssh-ed25519", b"x" * 31),
    "trailing": key_line("ssh-ed25519", b"x" * 32, b""),
    "other curve": key_line(P256, b"nistp384", POINT),
    "compressed": key_line(P256, b"nistp256", b"\x02" + POINT[1:33]),
    "off the curve": key_line(P256, b"nistp256", b"\x04" + b"\x01" * 64),
    "no application": key_line(SK_ED25519, b"x" * 32),
    "two lines": public_key(KEY).line + "\n" + public_key(KEY).line,
    "too long": public_key(KEY).line + " " + "c" * 2048,
    "not ASCII": "ssh-ed25519 é",
    "stray bits": stray(public_key(CURVE).line),
}


@pytest.mark.parametrize("line", KEYS.values(), ids=KEYS)
def test_a_wrong_public_key_is_refused(line: str) -> None:
    """Only well-formed keys of the three types are taken, with a hint how to make one."""
    with pytest.raises(InputError) as caught:
        parse_public_key(line)
    assert "ssh-keygen -t ed25519" in caught.value.hint


def test_a_key_line_is_a_twin() -> None:
    """The comment, which often names a person, is dropped; the credential's name is the fingerprint."""
    key = public_key(KEY)
    assert parse_public_key(key.line + " somebody@somewhere\n") == key
    assert credential_id(key.blob) == key.fingerprint
    assert key.fingerprint.startswith("SHA256:")


def test_only_p256_among_the_curves() -> None:
    """Another curve is refused when signing, too."""
    with pytest.raises(InputError, match="P-256"):
        sign_sshsig(ec.derive_private_key(7, ec.SECP384R1()), APPROVAL_NAMESPACE, MESSAGE)
