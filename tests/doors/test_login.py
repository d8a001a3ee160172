"""Who is calling: a fresh challenge signed by the enrolled key, by OpenSSH where it works, else by our own signer."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.identity.login import prove_possession
from governance.errors import NotPermitted, ToolFault
from tests.doors.cli import expect, key_pair

CHALLENGE = b"qayd/login/v1\nsomewhere\n00\n"


def test_openssh_and_our_own_signer_both_prove_it(tmp_path: Path, ssh_keygen: Path) -> None:
    """The same key, by `ssh-keygen`, and by `qayd-sign` where `ssh-keygen` fails (an account without a name, say)."""
    key = key_pair(tmp_path, "key")
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho No user exists for uid 4711 >&2\nexit 255\n")
    broken.chmod(0o755)
    proven = {prove_possession(key, CHALLENGE, str(program)).fingerprint for program in (ssh_keygen, broken)}
    assert len(proven) == 1


def test_nobody_proves_a_key_they_do_not_have(tmp_path: Path, ssh_keygen: Path) -> None:
    """A public half alone, somebody else's public half, a program that signs something else or is not there."""
    key, other = key_pair(tmp_path, "key"), key_pair(tmp_path, "other")
    alone = tmp_path / "alone"
    alone.with_name("alone.pub").write_bytes(key.with_name("key.pub").read_bytes())
    with pytest.raises(NotPermitted):
        prove_possession(alone, CHALLENGE, str(ssh_keygen))
    other.with_name("other.pub").write_bytes(key.with_name("key.pub").read_bytes())
    with pytest.raises(NotPermitted):
        prove_possession(other, CHALLENGE, None)
    replayed = tmp_path / "replayed"
    replayed.write_text(f'#!/bin/sh\nprintf yesterday | {ssh_keygen} -Y sign -f "$4" -n login.v1@qayd\n')
    replayed.chmod(0o755)
    with pytest.raises(NotPermitted):
        prove_possession(key, CHALLENGE, str(replayed))
    with pytest.raises(ToolFault):
        prove_possession(key, CHALLENGE, str(tmp_path / "nowhere"))


def test_an_enrolled_person_acts_under_their_pseudonym(home: Path, tmp_path: Path) -> None:
    """What they do bears their id; a revoked key does nothing any more."""
    key = key_pair(tmp_path / "keys", "sara")
    person = expect(0, "person", "add", "Sara", "--key", f"{key}.pub", "--role", "engineer", "--json").json["person"]
    file = tmp_path / "rows.csv"
    file.write_text("age,amount\n30,5\n40,7\n")
    register = ("dataset", "register", "rows", "--file", file, "--purpose", "p", "--legal-basis", "contract")
    where = ("--location", "azure/public/uaenorth", "--retention-days", "30", "--identity", key)
    expect(0, *register, *where)
    assert expect(0, "dataset", "show", "rows", "--json").json["supplier"] == person
    expect(0, "person", "revoke", f"{key}.pub", "--reason", "left")
    assert "not enrolled" in expect(2, "dataset", "scan", "rows", "--identity", key).err
