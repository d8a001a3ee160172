"""Proof of possession: the caller's key signs a fresh challenge, and the signature is checked here.

The signing is done by another program (`ssh-keygen`, which may ask an agent or a hardware key, else `qayd-sign`):
Qayd itself never opens a private key of a person.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from governance.errors import InputError, NotPermitted, ToolFault
from governance.sshsig import PublicKey, SignatureInvalid, parse_public_key, verify_sshsig

NAMESPACE = "login.v1@qayd"
MAX_PUBLIC_KEY = 4096
SECONDS = 60


def read_public_key(path: Path) -> PublicKey:
    """The key in an OpenSSH `.pub` file (at most 4 KiB). Raises InputError."""
    try:
        with path.open("rb") as handle:
            raw = handle.read(MAX_PUBLIC_KEY + 1)
    except OSError as error:
        raise InputError(
            f"cannot read the public key {path}: {error.strerror}", "give the path of a .pub file"
        ) from error
    if len(raw) > MAX_PUBLIC_KEY:
        raise InputError(f"{path} is too large for a public key", "give the .pub file")
    try:
        return parse_public_key(raw.decode("utf-8").strip())
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not an OpenSSH public key", "give the .pub file") from error


def public_half(identity: Path) -> PublicKey:
    """The public key that belongs to the identity path, which may name either half of the pair."""
    if not identity.name:
        raise InputError(
            f"{identity} is no key file", "give the path of your SSH key, with --identity or QAYD_IDENTITY"
        )
    path = identity if identity.suffix == ".pub" else identity.with_name(identity.name + ".pub")
    return read_public_key(path)


def prove_possession(identity: Path, challenge: bytes, ssh_keygen: str | None) -> PublicKey:
    """Have the identity's key sign `challenge`; return the public key that did.

    Raises NotPermitted when the signature is not by that key, ToolFault when no program could sign.
    """
    expected = public_half(identity)
    armored = _sign(identity, challenge, ssh_keygen)
    try:
        verify_sshsig(armored, challenge, namespace=NAMESPACE, key=expected)
    except SignatureInvalid as error:
        raise NotPermitted(f"{identity} did not sign as its public half says", "give the matching pair") from error
    return expected


def _sign(identity: Path, challenge: bytes, ssh_keygen: str | None) -> str:
    """The armored signature, by the first program that can make one.

    OpenSSH also fails where the account has no name (a container run under a bare number), so ours is tried then.
    """
    program = ssh_keygen or shutil.which("ssh-keygen")
    ours = [sys.executable, "-m", "adapters.identity.sign", "sign", f"--key={identity}", "--namespace", NAMESPACE, "-"]
    commands = [ours]
    if program:
        commands.insert(0, [program, "-Y", "sign", "-f", str(identity), "-n", NAMESPACE])
    for command in commands:
        try:
            done = subprocess.run(command, input=challenge, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolFault(f"{command[0]} could not sign the login challenge", "check QAYD_IDENTITY") from error
        if done.returncode == 0:
            return done.stdout.decode("ascii", "replace")
    raise NotPermitted(
        f"the key {identity} could not sign the login challenge",
        "give a private key that is yours and readable, with --identity or QAYD_IDENTITY",
    )
