"""Identifiers that have a form of their own, and the check digits some of them carry.

Forms of the Gulf come from published descriptions; a failed Luhn sum of an Emirates ID lowers the score and never
clears the value, because the issuer has not published the algorithm.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

GCC_IBAN_LENGTHS = {"AE": 23, "SA": 24, "QA": 29, "KW": 30, "BH": 22, "OM": 23}


@dataclass(frozen=True, slots=True)
class Shape:
    """One identifier: `regex` finds it in normalised text, `check` (if any) judges what was found.

    `score` is for the form alone, `checked` for form and check digit; `required` discards what fails the check.
    `alone` says that a column of such cells needs no name to be recognised, `strong` that a single cell is enough
    to doubt a column; `gate` is text without which there is no match. `context` words (English, Arabic) near the match
    raise its score.
    """

    entity: str
    regex: str
    score: float
    context: tuple[str, ...] = ()
    check: Callable[[str], bool] | None = None
    checked: float = 0.95
    required: bool = False
    alone: bool = True
    strong: bool = False
    gate: str = ""

    def accepts(self, text: str) -> bool:
        """Whether a value of this form counts as this identifier."""
        return not self.required or self.check is None or self.check(text)

    def confidence(self, text: str) -> float:
        """Score of a value of this form: `checked` when its check digit holds, `score` otherwise."""
        return self.checked if self.check is not None and self.check(text) else self.score


def luhn(text: str) -> bool:
    """Whether the digits in `text` have a Luhn sum divisible by ten (ISO/IEC 7812-1, annex B)."""
    digits = [int(character) for character in text if character.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(digits) > 1 and total % 10 == 0


def iban(text: str) -> bool:
    """Whether `text` is an IBAN: known length for the Gulf, and remainder 1 by ISO 7064 mod 97-10."""
    compact = re.sub(r"[\s-]", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", compact):
        return False
    if len(compact) != GCC_IBAN_LENGTHS.get(compact[:2], len(compact)):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


_BEFORE, _AFTER = r"(?<![0-9A-Za-z_@+])(?<![0-9][-.])", r"(?![0-9A-Za-z_@]|[-.][0-9])"


def _bounded(core: str) -> str:
    return f"{_BEFORE}(?:{core}){_AFTER}"


EMIRATES_ID = Shape(
    "AE_EMIRATES_ID",
    _bounded(r"784[- ]?[0-9]{4}[- ]?[0-9]{7}[- ]?[0-9]"),
    0.6,
    ("emirates", "eid", "identity", "idn", "الهوية", "هوية", "الإماراتية"),
    luhn,
    strong=True,
)
AE_IBAN = Shape(
    "IBAN_CODE",
    _bounded(r"AE[0-9]{2}[ -]?[0-9]{3}(?:[ -]?[0-9]){16}"),
    0.6,
    ("iban", "account", "bank", "آيبان", "ايبان", "حساب"),
    iban,
    strong=True,
)
OTHER_IBAN = Shape(
    "IBAN_CODE",
    _bounded(
        "|".join(
            f"{country}[0-9]{{2}}(?:[ -]?[A-Z0-9]){{{length - 4}}}"
            for country, length in GCC_IBAN_LENGTHS.items()
            if country != "AE"
        )
        + r"|(?!AE)[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)"
    ),
    0.6,
    AE_IBAN.context,
    iban,
    required=True,
    strong=True,
)
EMAIL = Shape(
    "EMAIL_ADDRESS",
    r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@]|[-.]\w)",
    0.9,
    ("email", "mail", "بريد"),
    strong=True,
    gate="@",
)
CREDIT_CARD = Shape(
    "CREDIT_CARD",
    _bounded(
        r"(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6[0-9]{3}|35[0-9]{2})(?:[ -]?[0-9]{4}){3}"
        r"|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}|3[068][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{4}"
    ),
    0.3,
    ("card", "visa", "mastercard", "credit", "debit", "بطاقة"),
    luhn,
    required=True,
)
AE_TRN = Shape(
    "AE_TRN",
    _bounded(r"100[- ]?[0-9]{4}[- ]?[0-9]{4}[- ]?[0-9]{4}"),
    0.5,
    ("trn", "vat", "tax", "الضريبي", "ضريبة"),
)
AE_PHONE = Shape(
    "AE_PHONE",
    _bounded(r"(?:(?:\+|00)?971[- ]?(?:\(0\)|0)?[- ]?|0)(?:5[0234568]|[234679])[- ]?[0-9]{3}[- ]?[0-9]{4}"),
    0.7,
    ("phone", "mobile", "tel", "telephone", "call", "whatsapp", "هاتف", "جوال", "متحرك", "موبايل"),
)
PHONE = Shape(
    "PHONE_NUMBER",
    _bounded(r"(?:\+|00)[1-9][0-9]{0,2}(?:[- ()]{0,2}[0-9]){6,12}"),
    0.6,
    AE_PHONE.context,
)
AE_PASSPORT = Shape(
    "AE_PASSPORT",
    _bounded(r"[A-Z][0-9]{7,8}"),
    0.2,
    ("passport", "جواز", "السفر"),
    alone=False,
)
IP_ADDRESS = Shape(
    "IP_ADDRESS",
    _bounded(r"(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"),
    0.6,
    ("ip", "address"),
)

SHAPES = (
    EMIRATES_ID,
    AE_IBAN,
    OTHER_IBAN,
    EMAIL,
    CREDIT_CARD,
    AE_TRN,
    AE_PHONE,
    PHONE,
    AE_PASSPORT,
    IP_ADDRESS,
)
