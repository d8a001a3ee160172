"""Pseudonyms: what they look like, and the one form of each kind of identifier that they are computed from."""

from __future__ import annotations

import hashlib
import hmac
import re

from adapters.privacy.normalise import fold, fold_name
from governance.errors import InputError

PREFIXES = {
    "PERSON": "person",
    "AE_EMIRATES_ID": "eid",
    "NATIONAL_ID": "nid",
    "AE_PHONE": "phone",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "BANK_ACCOUNT": "account",
    "CREDIT_CARD": "card",
    "EMAIL_ADDRESS": "email",
    "AE_TRN": "trn",
    "AE_PASSPORT": "passport",
    "PASSPORT": "passport",
    "DATE_OF_BIRTH": "dob",
    "ADDRESS": "address",
    "VEHICLE_PLATE": "plate",
    "IP_ADDRESS": "ip",
    "RECORD_ID": "record",
}
OTHER = "value"
ENTITIES = {prefix: entity for entity, prefix in reversed(PREFIXES.items())} | {OTHER: ""}
MIN_KEY = 32
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_WORD = re.compile(r"[a-z0-9]{1,16}")
_TOKEN = re.compile(rf"({'|'.join(sorted(ENTITIES))})_[a-z0-9]{{1,16}}_[a-p]{{32}}")


def entity_of(cell: str) -> str | None:
    """The kind of identifier a pseudonym stands for ("" if unknown); None when the cell is no pseudonym."""
    match = _TOKEN.fullmatch(cell)
    return None if match is None else ENTITIES[match.group(1)]


class Tokeniser:
    """Turns identifiers into pseudonyms under one key: HMAC-SHA-256, 128 bits kept, 32 letters from a to p.

    The same value, written in any of its forms, gives the same pseudonym under the same key and domain; under another
    domain or key an unrelated one, so that two data sets can be joined only if both were meant to be.
    """

    def __init__(self, key: bytes, key_id: str, domain: str) -> None:
        """`key` of at least 32 random bytes; `key_id` names it; raises InputError for anything else."""
        if len(key) < MIN_KEY:
            raise InputError(f"the pseudonym key is shorter than {MIN_KEY} bytes", hint="make a random one")
        if not _WORD.fullmatch(key_id):
            raise InputError("the key's id is not 1 to 16 lower-case letters and digits")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._/-]{0,63}", domain):
            raise InputError("the pseudonym domain is not 1 to 64 of a-z, 0-9, dot, underscore, slash and hyphen")
        self._key, self._key_id = key, key_id
        self._start = b"qayd/pseudonym/v1\0" + domain.encode() + b"\0"

    def token(self, entity: str, form: str) -> str:
        """The pseudonym, `<prefix>_<key id>_<letters>`, of an identifier in its canonical form; nothing for nothing."""
        if not form:
            return ""
        prefix = PREFIXES.get(entity, OTHER)
        message = self._start + prefix.encode() + b"\0" + form.encode("utf-8", "surrogatepass")
        mac = hmac.digest(self._key, message, hashlib.sha256)[:16]
        return f"{prefix}_{self._key_id}_{mac.hex().translate(_LETTERS)}"


_DIGITS_ONLY = frozenset({"AE_EMIRATES_ID", "CREDIT_CARD", "AE_TRN"})
_COMPACT = frozenset({"IBAN_CODE", "NATIONAL_ID", "PASSPORT", "AE_PASSPORT", "BANK_ACCOUNT", "VEHICLE_PLATE"})
_PHONES = frozenset({"AE_PHONE", "PHONE_NUMBER"})


def canonical(entity: str, cell: str) -> str:
    """The one form of an identifier: digits, E.164, upper case without gaps, or a folded name, by its kind."""
    plain = fold(cell).strip()
    if entity in _DIGITS_ONLY:
        return re.sub(r"[^0-9]", "", plain) or plain
    if entity in _COMPACT:
        return re.sub(r"[\s./-]", "", plain).upper()
    if entity in _PHONES:
        return _e164(plain)
    if entity == "PERSON":
        return fold_name(plain)
    return re.sub(r"\s+", " ", plain).casefold()


_EMIRATES_NUMBER = re.compile(r"(?:(?:\+|00)?9710?|0)?(5[0-9]{8}|[234679][0-9]{7})")


def _e164(plain: str) -> str:
    digits = re.sub(r"[^0-9+]", "", plain)
    if match := _EMIRATES_NUMBER.fullmatch(digits):
        return f"+971{match.group(1)}"
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, "AE")
    except phonenumbers.NumberParseException:
        return digits or plain
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
