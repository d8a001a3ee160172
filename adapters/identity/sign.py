"""`qayd-sign`: makes an SSH key pair and signs files as `ssh-keygen -Y sign` does.

It stands on the signer's side, apart from `qayd`, which never reads a private key. Where OpenSSH is installed,
`ssh-keygen` does the same and can also use an agent or a hardware key; the two write the same format
(PROTOCOL.sshsig), so each verifies what the other signed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAX_MESSAGE = 16 * 1024 * 1024


def write_key_pair(path: Path, comment: str = "") -> Path:
    """Write a new Ed25519 pair: `path` (OpenSSH private, mode 0600) and `path`.pub. Returns the public path.

    Raises FileExistsError rather than overwrite either.
    """
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    target = path.with_name(path.name + ".pub")
    if target.exists():
        raise FileExistsError(str(target))
    _write_new(path, private, 0o600)
    _write_new(target, public + (b" " + comment.encode() if comment else b"") + b"\n", 0o644)
    return target


def _write_new(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)


def sign(key_path: Path, namespace: str, message: bytes) -> str:
    """The armored SSHSIG of `message` by the private key in `key_path`. Raises ValueError on an unusable key."""
    from governance.sshsig import sign_sshsig

    key = serialization.load_ssh_private_key(key_path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey | EllipticCurvePrivateKey):
        raise ValueError(f"{key_path} is neither an Ed25519 nor an ECDSA key")
    return sign_sshsig(key, namespace, message)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="qayd-sign", description="SSH keys and signatures on the signer's side.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    keygen = verbs.add_parser("keygen", help="make an Ed25519 key pair: PATH and PATH.pub")
    keygen.add_argument("path", type=Path)
    signing = verbs.add_parser("sign", help="sign FILE; writes FILE.sig (with '-': reads stdin, writes stdout)")
    signing.add_argument("--key", type=Path, required=True, help="private key, as written by ssh-keygen or keygen")
    signing.add_argument("--namespace", required=True, help="for an approval: approval.v1@qayd")
    signing.add_argument("file")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """The program. Exit code 0, or 2 with one line on what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        if options.verb == "keygen":
            print(write_key_pair(options.path))
            return 0
        return _sign_file(options)
    except FileExistsError as error:
        print(f"qayd-sign: {error.args[-1]} exists already and is left as it is", file=sys.stderr)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        print(f"qayd-sign: {error}", file=sys.stderr)
    return 2


def _sign_file(options: argparse.Namespace) -> int:
    if options.file == "-":
        sys.stdout.write(sign(options.key, options.namespace, sys.stdin.buffer.read(MAX_MESSAGE)))
        return 0
    path = Path(options.file)
    signature = sign(options.key, options.namespace, path.read_bytes())
    target = path.with_name(path.name + ".sig")
    target.write_text(signature, encoding="ascii")
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
