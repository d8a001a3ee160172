"""Settings of one run: the only module that reads the environment.

A setting comes from the command line, else from a `QAYD_*` variable, else from the home's `config.json`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from governance.errors import InputError

ENGINES = ("regorus", "opa")
BUSY_SECONDS = 30.0
MAX_BUSY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command was told about where it works.

    `home` is the directory of one tenant's log, keys and stores; `database` a SQLAlchemy URL or None for the
    home's own SQLite file; `engine` one of ENGINES or None for the home's choice; `opa_url` and `opa_binary`
    say where an OPA server or program is, `opa_ca` and `opa_token` how to trust it and be trusted by it;
    `policies` a bundle directory other than the one delivered;
    `identity` the path of the caller's SSH key; `busy_seconds` how long to wait for a database others hold.
    """

    home: Path
    database: str | None = None
    engine: str | None = None
    opa_url: str | None = None
    opa_ca: str | None = None
    opa_token: str | None = None
    opa_binary: str | None = None
    policies: Path | None = None
    identity: Path | None = None
    ssh_keygen: str | None = None
    busy_seconds: float = BUSY_SECONDS


def read_settings(*, home: Path | None = None, identity: Path | None = None, engine: str | None = None) -> Settings:
    """Join the command line's options with the environment. Raises InputError on a value that cannot be."""
    env = os.environ
    chosen = engine or env.get("QAYD_ENGINE") or None
    if chosen is not None and chosen not in ENGINES:
        raise InputError(f"unknown policy engine {chosen!r}", f"use one of {', '.join(ENGINES)}")
    return Settings(
        home=(home or Path(env.get("QAYD_HOME") or ".qayd")).absolute(),
        database=env.get("QAYD_DATABASE") or None,
        engine=chosen,
        opa_url=env.get("QAYD_OPA_URL") or None,
        opa_ca=env.get("QAYD_OPA_CA") or None,
        opa_token=env.get("QAYD_OPA_TOKEN") or None,
        opa_binary=env.get("QAYD_OPA") or None,
        policies=_path(env.get("QAYD_POLICIES")),
        identity=identity or _path(env.get("QAYD_IDENTITY")),
        ssh_keygen=env.get("QAYD_SSH_KEYGEN") or None,
        busy_seconds=_seconds(env.get("QAYD_BUSY_SECONDS")),
    )


def _seconds(value: str | None) -> float:
    if not value:
        return BUSY_SECONDS
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_BUSY_SECONDS:
        raise InputError(f"QAYD_BUSY_SECONDS is {value!r}", f"write seconds between 0 and {MAX_BUSY_SECONDS}")
    return seconds


def _path(value: str | None) -> Path | None:
    return Path(value).absolute() if value else None


def quiet_tools() -> None:
    """Tell the libraries Qayd calls not to phone home (Evidently honours it). Set before any of them is imported."""
    os.environ.setdefault("DO_NOT_TRACK", "1")


def base_environment() -> dict[str, str]:
    """The environment handed to a wrapped program: the caller's own, without Qayd's settings in it."""
    return {key: value for key, value in os.environ.items() if not key.startswith("QAYD_")}
