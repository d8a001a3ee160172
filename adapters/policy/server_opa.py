"""An OPA server, through opa-python-client. The one module that knows this client and its errors.

The client has eleven errors without a common base, passes errors of `requests` through, and answers an undefined
decision with an object without `result`. All of that comes out of here as PolicyFault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from adapters.policy.answer import ENTRY, HINT, ROOT, well_formed
from adapters.policy.namespace import Published, publish_as
from governance.bundle import Bundle
from governance.errors import InputError, PolicyFault

NAME = "opa"
PORT = 8181
TIMEOUT = 5.0
COMPILING = 60.0
"""Seconds allowed for one module: a server compiles all it holds whenever it is given one."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an OPA server is and how to speak to it.

    `url` is http(s)://HOST[:PORT]; `ca` a file of certificates to trust instead of the system's, `certificate` the
    paths of our own certificate and key, `token` a bearer token; `timeout` in seconds, for each answer.
    """

    url: str
    ca: str | None = None
    certificate: tuple[str, str] | None = None
    token: str | None = field(default=None, repr=False)
    timeout: float = TIMEOUT


class OpaEngine:
    """Evaluates one bundle on an OPA server, under a name of its own there (`namespace`).

    Made, it has published what was not there and read all of it back. Raises PolicyFault when the server cannot be
    reached, refuses, or cannot compile the bundle; InputError for a URL that is none.
    """

    def __init__(self, endpoint: Endpoint, bundle: Bundle) -> None:
        self._endpoint = endpoint
        self._bundle = bundle
        self._client = _client(endpoint, endpoint.timeout)
        self._version = self._ask_version()
        published = publish_as(bundle)
        self._entry = f"{published.root}.{ENTRY.removeprefix(f'data.{ROOT}.')}".rpartition(".")
        self._publish(published)

    @property
    def name(self) -> str:
        """`opa`, as recorded with each decision."""
        return NAME

    @property
    def version(self) -> str:
        """The server's version."""
        return self._version

    @property
    def bundle(self) -> Bundle:
        """What it evaluates."""
        return self._bundle

    def evaluate(self, gate: str, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The raw findings of all controls of `gate`. Raises PolicyFault for anything but a well-formed answer."""
        if document.get("gate") != gate:
            raise PolicyFault(f"the input is not about the gate {gate}", "gather the facts for this gate")
        package, _, rule = self._entry
        strict = {"strict-builtin-errors": "true"}  # as the embedded engine: an error is a fault, not undefined
        answer = self._call(partial(self._client.query_rule, dict(document), package, rule, strict))
        return well_formed(answer.get("result") if isinstance(answer, dict) else None, gate)

    def close(self) -> None:
        """Release the connections."""
        self._client.close_connection()

    def _publish(self, published: Published) -> None:
        """Bring the bundle to the server where it is not there yet, then make sure that it is."""
        for key, value in published.data.items():
            if self._data(published.root, key) != value:
                self._call(partial(self._client.update_or_create_data, value, f"{published.root}/{key}"))
        patient = _client(self._endpoint, max(self._endpoint.timeout, COMPILING))
        for identity, path, text in published.modules:
            if self._module(identity) != text:
                self._call(partial(patient.update_policy_from_string, text, identity, rego_compat=False), path)
        patient.close_connection()
        for identity, path, text in published.modules:
            if self._module(identity) != text:
                raise PolicyFault(f"the OPA server at {self._endpoint.url} does not hold {path} as published", _SHARED)
        for key, value in published.data.items():
            if self._data(published.root, key) != value:
                raise PolicyFault(f"the OPA server at {self._endpoint.url} does not hold the data {key}", _SHARED)

    def _module(self, identity: str) -> str | None:
        answer = self._call(partial(_present, partial(self._client.get_policy, identity)))
        return None if answer is None else answer.get("result", {}).get("raw")

    def _data(self, root: str, key: str) -> Any:
        answer = self._call(partial(_present, partial(self._client.get_data, f"{root}/{key}")))
        return None if answer is None else answer.get("result")

    def _ask_version(self) -> str:
        answer = self._call(partial(self._client.ad_hoc_query, "x := opa.runtime().version"))
        try:
            return str(answer["result"][0]["x"])
        except (KeyError, IndexError, TypeError) as error:
            raise PolicyFault(f"{self._endpoint.url} does not tell its version, so it is no OPA", _REACH) from error

    def _call(self, work: Callable[[], _T], path: str = "") -> _T:
        """Do one thing on the server; whatever goes wrong is a PolicyFault that says what and what to do."""
        try:
            return work()
        except Exception as error:
            raise _fault(error, self._endpoint, path) from error


_REACH = "start the OPA server, or check QAYD_OPA_URL; QAYD_ENGINE=regorus needs no server"
_SHARED = "let nobody else write to names that begin with qayd_ on that server"


def _client(endpoint: Endpoint, timeout: float) -> Any:
    from opa_client.opa import OpaClient

    host, port, secure = _parts(endpoint.url)
    client = OpaClient(
        host=host,
        port=port,
        ssl=(endpoint.ca or True) if secure else False,
        cert=endpoint.certificate,
        token=endpoint.token,
        retries=False,  # and not 0, which hides what went wrong behind "too many retries"
        timeout=timeout,
    )
    client._session.trust_env = False  # no proxy and no certificate comes in from the environment
    return client


def _parts(url: str) -> tuple[str, int, bool]:
    """Host, port and whether it is TLS."""
    hint = "write http://HOST:PORT or https://HOST:PORT"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError("the URL of the OPA server cannot be read", hint) from error
    named = parts.scheme in {"http", "https"} and parts.hostname
    if not named or parts.username or parts.password or parts.path.strip("/") or parts.query or parts.fragment:
        raise InputError("the URL of the OPA server is more or less than scheme, host and port", hint)
    host = str(parts.hostname)
    return f"[{host}]" if ":" in host else host, port or PORT, parts.scheme == "https"


def _present(ask: Callable[[], Any]) -> Any:
    """The answer, or None where the server says that there is no such thing."""
    from opa_client.errors import PolicyNotFoundError

    try:
        return ask()
    except PolicyNotFoundError:
        return None


def _fault(error: Exception, endpoint: Endpoint, path: str) -> PolicyFault:
    """An error of the client, or of what it is made of, in our words."""
    import requests
    import urllib3
    from opa_client.errors import RegoParseError

    if isinstance(error, RegoParseError):
        return PolicyFault(f"the policy does not compile: {_first(error.errors, path) or error.message}", HINT)
    if isinstance(error, requests.exceptions.Timeout):
        return PolicyFault(f"the OPA server at {endpoint.url} did not answer in {endpoint.timeout:g} s", _REACH)
    if isinstance(error, requests.exceptions.SSLError):
        return PolicyFault(f"the OPA server at {endpoint.url} is not trusted (TLS)", "name its certificate authority")
    if isinstance(error, requests.exceptions.HTTPError):
        return PolicyFault(_http(error, endpoint), HINT)
    if isinstance(error, requests.exceptions.ConnectionError | urllib3.exceptions.HTTPError):
        return PolicyFault(f"the OPA server at {endpoint.url} cannot be reached", _REACH)
    return PolicyFault(f"the OPA server at {endpoint.url} answered with {type(error).__name__}", _REACH)


def _http(error: Any, endpoint: Endpoint) -> str:
    status = error.response.status_code
    try:
        body = error.response.json()
    except ValueError:
        body = {}
    reason = _first(body.get("errors"), "") or body.get("message", "") if isinstance(body, dict) else ""
    return f"the OPA server at {endpoint.url} answered {status}: {str(reason)[:200]}"


def _first(errors: Any, path: str) -> str:
    """`controls/x/x.rego:3: what is wrong`, from the first of OPA's errors."""
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return ""
    location = errors[0].get("location") or {}
    file = path or str(location.get("file", "")).partition("/")[2]
    return f"{file}:{location.get('row', 0)}: {errors[0].get('message', '')}"[:300]
