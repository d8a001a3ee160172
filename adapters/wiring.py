"""The composition root: opens a home and joins every port to its adapter. Nothing else knows them all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from adapters.clock import SystemClock, random_bytes
from adapters.settings import Settings
from adapters.storage.home import HomeConfig, Layout, read_config
from adapters.storage.ledger import HomeLedger
from governance.catalog import Catalog, fold
from governance.desk import Desk
from governance.errors import InputError, ToolFault
from governance.event import EVENT_TYPES
from governance.ports import Precondition, Receipt
from governance.promotion import Site
from ledger.blobs import Blobs
from ledger.checkpoint import read_checkpoint
from ledger.entry import NewEvent
from ledger.kek import KekRing
from ledger.keys import Signer
from ledger.log import Log
from ledger.store import Store
from ledger.vault import Vault

if TYPE_CHECKING:
    from adapters.policy.engines import Engines
    from adapters.serving.local_store import LocalStore
    from governance.ports import Bundle, PolicyEngine


class Home:
    """One tenant's opened home: its log, blobs, keys and tools. Close it to sign what was appended."""

    def __init__(self, settings: Settings, layout: Layout, config: HomeConfig, store: Store) -> None:
        self.settings = settings
        self.layout = layout
        self.config = config
        self.clock = SystemClock()
        self._store = store
        vault = Vault(store, KekRing(layout.keks), random=random_bytes, clock=self.clock)
        self.log = Log.open(store, types=EVENT_TYPES, clock=self.clock, random=random_bytes, vault=vault)
        self._signed = self.log.size()
        self.blobs = Blobs(layout.blobs, _key(layout.blob_key))
        self.ledger = HomeLedger(self.log, config.vkey, self.clock, self.sign)
        self._actor: str | None = None
        self._catalog: Catalog | None = None

    @cached_property
    def bundle(self) -> Bundle:
        """The policy bundle in force."""
        from adapters.policy.bundle import load_bundle

        return load_bundle(self.settings.policies)

    @cached_property
    def engines(self) -> Engines:
        """Makes policy engines by name."""
        from adapters.policy.engines import Engines

        settings = self.settings
        return Engines(
            opa_url=settings.opa_url,
            opa_binary=settings.opa_binary,
            opa_ca=settings.opa_ca,
            opa_token=settings.opa_token,
        )

    @cached_property
    def engine(self) -> PolicyEngine:
        """The engine that decides here, with the bundle in force loaded."""
        return self.engines(self.settings.engine or self.config.engine, self.bundle)

    @cached_property
    def serving(self) -> LocalStore:
        """Where models serve."""
        from adapters.serving.local_store import LocalStore

        return LocalStore(self.layout.models)

    def pseudonym_key(self) -> bytes:
        """The key of this home's pseudonyms (32 bytes). Raises ToolFault."""
        return _key(self.layout.pseudonym_key)

    def actor(self) -> str:
        """The id of the person whose key the caller holds, proved once a command.

        Raises NotPermitted when the key is unknown, revoked or not the caller's, InputError when none is given.
        """
        if self._actor is None:
            self._actor = self._authenticate()
        return self._actor

    def _authenticate(self) -> str:
        from adapters.identity.login import prove_possession
        from adapters.operations.people import person_of

        identity = self.settings.identity
        if identity is None and self.config.mode == "play":
            identity = self.layout.officer_key
        if identity is None:
            raise InputError(
                "this command acts, so it must know who you are", "give your SSH key with --identity or QAYD_IDENTITY"
            )
        challenge = b"qayd/login/v1\n" + self.config.origin.encode() + b"\n" + random_bytes(32).hex().encode() + b"\n"
        return person_of(self, prove_possession(identity, challenge, self.settings.ssh_keygen).fingerprint)

    def catalog(self) -> Catalog:
        """The state the ledger tells, folded from entries verified in this process."""
        if self._catalog is None or self._catalog.size != self.log.size():
            self._catalog = fold(self.ledger.entries())
        return self._catalog

    def event(self, kind: str, subject: str, data: dict[str, Any], *, claim: str | None = None) -> NewEvent:
        """An event of the authenticated actor."""
        actor = self.actor()
        return NewEvent(type=kind, subject=subject, source=f"person/{actor}", actor=actor, data=data, claim=claim)

    def append(self, *events: NewEvent, as_of: int | None = None, keys: Collection[str] = ()) -> Sequence[Receipt]:
        """Append all of `events` or none; with `as_of`, only if nothing touched `keys` since. Raises as the port."""
        precondition = None if as_of is None else Precondition(as_of, frozenset(keys))
        return self.ledger.append(events, precondition)

    def desk(self) -> Desk:
        """What the kernel needs of the outside to judge, with the caller's events signed as theirs."""
        return Desk(self.ledger, self.blobs, self.engine, self.clock, f"person/{self.actor()}")

    def site(self) -> Site:
        """What the kernel needs of the outside to act."""
        return Site(self.serving, self)

    def cover(self, size: int) -> int:
        """Sign until a checkpoint covers `size` entries; the size it covers. Raises SignerFault."""
        return read_checkpoint(self.sign()).size

    def sign(self) -> bytes:
        """Sign the present head; the note."""
        note = self.log.sign(self._signer)
        self._signed = read_checkpoint(note).size
        return note

    @cached_property
    def _signer(self) -> Signer:
        return Signer.open(self.layout.log_key, self.layout.signer_state)

    def close(self) -> None:
        """Sign what is not signed yet, so that a checkpoint follows within a second, and release the store."""
        try:
            if self.log.size() > self._signed:
                self.sign()
        finally:
            if "engines" in self.__dict__:
                self.engines.close()
            self.log.close()


def open_home(settings: Settings) -> Home:
    """Open the home the settings name. Raises InputError when there is none, StoreFault when it cannot be opened."""
    layout = Layout(settings.home)
    config = read_config(layout)
    url = settings.database or config.database or layout.database_url
    store = Store.open(url, busy_seconds=settings.busy_seconds)
    try:
        return Home(settings, layout, config, store)
    except BaseException:
        store.close()
        raise


def _key(path: Any) -> bytes:
    try:
        return bytes(path.read_bytes())
    except OSError as error:
        raise ToolFault(
            f"cannot read the key {path}: {error.strerror}", "restore the home's keys from their backup"
        ) from error
