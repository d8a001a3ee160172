"""The gate input: its strict schema, `gate_input.schema.json`, checked before any policy sees a fact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from jsonschema import Draft202012Validator

from governance.errors import PolicyFault
from ledger.canonical import encode
from ledger.errors import Refused

VERSION: Final = "qayd/gate-input/v1"
GATES: Final = ("ingest", "train", "register", "production", "in_production")
_HINT: Final = "nothing was decided; report this with the name of the place, and check what was registered there"


@cache
def validator() -> Draft202012Validator:
    """The compiled schema (JSON Schema, draft 2020-12)."""
    schema = json.loads(resources.files("governance").joinpath("gate_input.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def encode_input(document: Mapping[str, Any]) -> bytes:
    """The canonical bytes of a gate input that fits the schema; raises PolicyFault naming the place, never the
    value.
    """
    problem = min(
        validator().iter_errors(document), key=lambda error: list(map(str, error.absolute_path)), default=None
    )
    if problem is not None:
        place = ".".join(str(step) for step in problem.absolute_path) or "its top level"
        raise PolicyFault(f"the facts do not fit the gate input's schema at {place} ({problem.validator})", _HINT)
    try:
        return encode(dict(document))
    except Refused as error:
        raise PolicyFault(f"the facts are no canonical document: {error.message}", _HINT) from error
