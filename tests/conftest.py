"""What every test may ask for: a real PostgreSQL, a real OPA, ssh-keygen. A missing one fails; nothing is skipped."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from tests.support.postgres import start_postgres, stop_postgres

ROOT = Path(__file__).resolve().parent.parent

# A build server may have started us with Ctrl-C ignored, which children would inherit; some tests are about Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: a shared machine is slow now and then. On a build server the examples are the same on every run.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=25)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server of this test process's own, started when first asked for, stopped at the end."""
    directory = Path(tempfile.mkdtemp(prefix="qayd-pg-"))
    try:
        yield start_postgres(directory)
    finally:
        stop_postgres(directory)


@pytest.fixture
def postgres_database(postgres_url: str) -> str:
    """URL of a fresh, empty database on that server, for one test."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres_url.replace("@/postgres?", f"@/{name}?")


@pytest.fixture(scope="session")
def opa_binary() -> Path:
    """The real OPA: $QAYD_TEST_OPA, else the one `make test` builds, else one on the path."""
    named = os.environ.get("QAYD_TEST_OPA")
    built = ROOT / ".tools" / "bin" / "opa"
    on_path = shutil.which("opa")
    for candidate in (named, str(built), on_path):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    pytest.fail("there is no OPA: run `make tools`, or set QAYD_TEST_OPA", pytrace=False)


@pytest.fixture(scope="session")
def go_binary() -> Path:
    """The Go toolchain `make tools` chose, else the one on the path."""
    built, on_path = ROOT / ".tools" / "bin" / "go", shutil.which("go")
    for candidate in (str(built), on_path):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    pytest.fail("there is no Go toolchain: run `make tools`", pytrace=False)


@pytest.fixture(scope="session")
def ssh_keygen() -> Path:
    """OpenSSH's own ssh-keygen, the other implementation of SSH signatures."""
    found = shutil.which("ssh-keygen")
    if found is None:
        pytest.fail("there is no ssh-keygen: install the OpenSSH client", pytrace=False)
    return Path(found)
