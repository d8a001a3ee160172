"""The home: one directory with a tenant's configuration, keys and stores.

config.json        what the log is called and where its database is (mode 0600: a URL may hold a password)
ledger.db          the ledger (unless the database is elsewhere)
blobs/             content-addressed, encrypted artifacts of the record
keys/              log.key, signer.state, kek/, blobs.key, pseudonym.key (mode 0600)
models/            the local model store
work/              scratch of running commands
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from adapters.storage.files import read_json_object, write_atomically
from governance.errors import InputError
from ledger.canonical import encode

CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class HomeConfig:
    """What a home's config.json says. `database` is "" for the home's own SQLite file."""

    format: int
    origin: str
    log_id: str
    vkey: str
    database: str
    engine: str
    mode: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are inside a home."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / CONFIG

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.root / 'ledger.db'}"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def log_key(self) -> Path:
        return self.keys / "log.key"

    @property
    def signer_state(self) -> Path:
        return self.keys / "signer.state"

    @property
    def keks(self) -> Path:
        return self.keys / "kek"

    @property
    def blob_key(self) -> Path:
        return self.keys / "blobs.key"

    @property
    def pseudonym_key(self) -> Path:
        return self.keys / "pseudonym.key"

    @property
    def officer_key(self) -> Path:
        return self.keys / "officer"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def work(self) -> Path:
        return self.root / "work"


def write_config(layout: Layout, config: HomeConfig) -> None:
    """Write config.json, whole or not at all."""
    write_atomically(layout.config, encode(asdict(config)) + b"\n")


def read_config(layout: Layout) -> HomeConfig:
    """The home's configuration. Raises InputError when there is no home, or its file is not one."""
    if not layout.config.exists():
        raise InputError(f"there is no Qayd home at {layout.root}", "run `qayd init`, or name another with --home")
    document = read_json_object(layout.config)
    expected = HomeConfig.__dataclass_fields__
    if set(document) != set(expected) or document.get("format") != 1:
        raise InputError(f"{layout.config} is not a configuration of this version", "restore it from a backup")
    for name, field in expected.items():
        if type(document[name]).__name__ != field.type:
            raise InputError(f"{layout.config}: {name} is not of type {field.type}", "restore it from a backup")
    return HomeConfig(**document)
