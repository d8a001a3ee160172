"""Making policy engines by name."""

from __future__ import annotations

from adapters.policy.embedded_regorus import NAME as REGORUS
from adapters.policy.embedded_regorus import RegorusEngine
from adapters.policy.local_opa import LocalOpa, find_opa
from adapters.policy.server_opa import NAME as OPA
from adapters.policy.server_opa import Endpoint, OpaEngine
from governance.bundle import Bundle
from governance.errors import InputError, PolicyFault
from governance.ports import PolicyEngine

NAMES = (REGORUS, OPA)


class Engines:
    """Makes engines: `regorus` in this process; `opa` on the server named, else on one started from the program."""

    def __init__(
        self,
        *,
        opa_url: str | None = None,
        opa_binary: str | None = None,
        opa_ca: str | None = None,
        opa_certificate: tuple[str, str] | None = None,
        opa_token: str | None = None,
    ) -> None:
        self._endpoint = Endpoint(opa_url, opa_ca, opa_certificate, opa_token) if opa_url else None
        self._binary = opa_binary
        self._started: dict[str, LocalOpa] = {}

    def __call__(self, name: str, bundle: Bundle) -> PolicyEngine:
        """The engine called `name` with `bundle` loaded. Raises InputError (no such engine), PolicyFault."""
        if name == REGORUS:
            return RegorusEngine(bundle)
        if name == OPA:
            return OpaEngine(self._endpoint or self._start(bundle).endpoint, bundle)
        raise InputError(f"there is no policy engine {name!r}", f"use one of: {', '.join(NAMES)}")

    def close(self) -> None:
        """Stop the servers that were started."""
        while self._started:
            self._started.popitem()[1].close()

    def _start(self, bundle: Bundle) -> LocalOpa:
        """A server of our own with this bundle, started once."""
        if bundle.digest not in self._started:
            binary = find_opa(self._binary)
            if binary is None:
                raise PolicyFault(
                    f"there is no OPA program {self._binary or 'on the path'}",
                    "install OPA and name it with QAYD_OPA, or give a server with QAYD_OPA_URL",
                )
            self._started[bundle.digest] = LocalOpa(binary, bundle)
        return self._started[bundle.digest]
