"""The packet a person reads before signing, as indented JSON: what is bound and what changes come first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from governance.views import Filed


ORDER = ("kind", "gate", "subject", "digest", "target", "cause", "mode", "change", "findings", "evidence", "makers")


def packet_text(packet: dict[str, Any], filed: Filed) -> str:
    """The packet of a request, for reading; the statement binds to it by the request's entry."""
    head = {"request": filed.subject, "entry": filed.index, "binding": filed.binding, "deadline": filed.deadline}
    first = {name: packet[name] for name in ORDER if name in packet}
    return json.dumps({**head, "packet": {**first, **packet}}, indent=2, ensure_ascii=False) + "\n"
