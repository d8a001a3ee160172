"""The packet a person reads before signing, as indented JSON with what will be signed at its top."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from governance.views import Filed


def packet_text(packet: dict[str, Any], filed: Filed) -> str:
    """The packet of a request, for reading; the statement binds to it by the request's entry."""
    head = {"request": filed.subject, "entry": filed.index, "binding": filed.binding, "deadline": filed.deadline}
    return json.dumps({**head, "packet": packet}, indent=2, ensure_ascii=False, sort_keys=False) + "\n"
