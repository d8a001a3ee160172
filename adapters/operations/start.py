"""Making a new home: keys, an empty store, and entry 0. Whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.clock import SystemClock, identifier, random_bytes
from adapters.identity.login import read_public_key
from adapters.identity.sign import write_key_pair
from adapters.settings import Settings
from adapters.storage.files import read_json_object, write_atomically
from adapters.storage.home import HomeConfig, Layout, write_config
from governance.errors import InputError, ToolFault
from governance.event import EVENT_TYPES
from ledger.blobs import Blobs
from ledger.checkpoint import Verifier
from ledger.keys import create_signer
from ledger.log import Log
from ledger.store import Store

PLAY_TENANT: Mapping[str, Any] = {"establishment": "onshore", "licences": [], "sectors": []}
ESTABLISHMENTS = ("onshore", "difc", "adgm", "free-zone", "outside")
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Started:
    """A new home: where it is, what its log is called, its verifier key and its officers' ids."""

    home: Path
    origin: str
    vkey: str
    mode: str
    officers: tuple[str, ...]


def init(
    settings: Settings, *, officers: Sequence[Path], tenant: Path | None, database: str | None, host: str
) -> Started:
    """Make a home. With two or more officers' public keys and the tenant's facts it is real, else a play tenant.

    Raises InputError when there is a home already, when only one officer is given, or the tenant's facts are not.
    """
    layout = Layout(settings.home)
    if layout.root.exists() and (not layout.root.is_dir() or any(layout.root.iterdir())):
        raise InputError(f"{layout.root} exists already and is not empty", "name another directory with --home")
    _check_place(layout, database or settings.database)
    facts = _tenant(tenant, real=bool(officers))
    keys = [read_public_key(path) for path in officers]
    if officers and len({key.fingerprint for key in keys}) < 2:
        raise InputError("a real tenant needs two officers with different keys", "give --officer twice")
    partial = Layout(layout.root.with_name(f".{layout.root.name}.{random_bytes(8).hex()}.partial"))
    try:
        started = _build(partial, facts, keys, database or settings.database, host)
        partial.root.replace(layout.root)
    except OSError as error:
        raise ToolFault(
            f"cannot make {layout.root}: {error.strerror}", "check the disk's space and permissions"
        ) from error
    finally:
        shutil.rmtree(partial.root, ignore_errors=True)
    return Started(layout.root, started.origin, started.vkey, started.mode, started.officers)


def _check_place(layout: Layout, database: str | None) -> None:
    """Raise InputError where the database would not be found again: SQLite's URL ends at `?`, and a relative path
    means another file in another directory.
    """
    if database is None and "?" in str(layout.root):
        raise InputError(f"{layout.root} holds a question mark, which no database URL can", "name another directory")
    if database is not None and database.startswith("sqlite:///") and not database.startswith("sqlite:////"):
        raise InputError("the database is named by a relative path", "write sqlite:////full/path/to/file")


def _build(layout: Layout, tenant: Mapping[str, Any], keys: Sequence[Any], database: str | None, host: str) -> Started:
    layout.root.mkdir(parents=True, mode=0o700)
    for directory in (layout.keys, layout.blobs, layout.keks, layout.models, layout.work):
        directory.mkdir(mode=0o700, parents=True)
    mode = "real" if keys else "play"
    if not keys:
        keys = [read_public_key(write_key_pair(layout.officer_key))]
    for path in (layout.blob_key, layout.pseudonym_key):
        write_atomically(path, random_bytes(KEY_BYTES))
    log_id = random_bytes(KEY_BYTES)
    origin = f"{host}/{log_id.hex()}/1"
    verifier = create_signer(layout.log_key, layout.signer_state, origin)
    officers = [
        {"person": identifier("p-"), "credential": key.fingerprint, "key": key.line, "roles": ["officer"]}
        for key in keys
    ]
    _open_log(layout, database, origin, log_id, verifier, tenant, officers, mode)
    write_config(layout, HomeConfig(1, origin, log_id.hex(), verifier.vkey(), database or "", "regorus", mode))
    return Started(layout.root, origin, verifier.vkey(), mode, tuple(officer["person"] for officer in officers))


def _open_log(
    layout: Layout,
    database: str | None,
    origin: str,
    log_id: bytes,
    verifier: Verifier,
    tenant: Mapping[str, Any],
    officers: Sequence[Mapping[str, Any]],
    mode: str,
) -> None:
    from ledger.keys import Signer

    store = Store.create(database or layout.database_url)
    try:
        log = Log.create(
            store,
            types=EVENT_TYPES,
            origin=origin,
            log_id=log_id.hex(),
            vkey=verifier.vkey(),
            tenant=dict(tenant),
            officers=[dict(officer) for officer in officers],
            mode="real" if mode == "real" else "play",
            clock=SystemClock(),
            random=random_bytes,
            blobs=Blobs(layout.blobs, layout.blob_key.read_bytes()),
        )
        log.sign(Signer.open(layout.log_key, layout.signer_state))
        log.close()
    finally:
        store.close()


def _tenant(path: Path | None, *, real: bool) -> Mapping[str, Any]:
    if path is None:
        if real:
            raise InputError("a real tenant needs its establishment facts", "give --tenant FILE")
        return PLAY_TENANT
    facts = read_json_object(path)
    if set(facts) != set(PLAY_TENANT):
        raise InputError(
            f"{path} must hold exactly {', '.join(PLAY_TENANT)}",
            'such as {"establishment": "onshore", "licences": ["cbuae"], "sectors": ["banking"]}',
        )
    if facts["establishment"] not in ESTABLISHMENTS:
        raise InputError(
            f"{path}: establishment is none of {', '.join(ESTABLISHMENTS)}", "say where the tenant is established"
        )
    for name in ("licences", "sectors"):
        if not isinstance(facts[name], list) or not all(isinstance(item, str) for item in facts[name]):
            raise InputError(f"{path}: {name} is not a list of strings", 'such as ["banking"]')
    return facts
