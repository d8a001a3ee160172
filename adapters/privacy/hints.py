"""What a column's name suggests, in English, Arabic and transliterated Arabic. A suggestion, until the cells agree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.privacy.normalise import fold_name
from adapters.privacy.report import ColumnClass

PEOPLE = (
    "account ?holder|agent|applicant|beneficiary|borrower|card ?holder|client|contact|customer|debtor|doctor|driver|"
    "employee|father|guarantor|holder|husband|manager|member|mother|officer|owner|passenger|patient|person|sponsor|spouse|"
    "staff|student|subscriber|teacher|user|wife|worker"
)
_PART = f"(?:first|last|middle|given|family|full|legal|maiden|nick|short|{PEOPLE})"
_LANGUAGE = "(?:en|eng|english|ar|arabic|latin|local|[0-9])"
_NOT_PEOPLE = "شركه|منتج|بنك|فرع|مدينه|ملف|company|product|bank|branch|city|file|sharika|bank"


@dataclass(frozen=True, slots=True)
class Hint:
    """What a name suggests: the class, the kind of identifier, and a form at least some cells must have."""

    kind: ColumnClass
    entity: str = ""
    form: str = ""


_NAME_FORM = r"[^\W\d_][^\d@/\\|<>=]{0,78}"
_NUMBERED = r"(?:[A-Za-z]{0,4}[ -]?)?(?:[0-9][-/ ]?){6,24}[A-Za-z]?"
_ANY = r".*\S.*"

_DIRECT: tuple[tuple[str, str, str], ...] = (
    ("EMAIL_ADDRESS", r"e ?mail|بريد|\bbarid\b", r"\S+@\S+"),
    (
        "PHONE_NUMBER",
        r"phone|mobile|\btel\b|\bcell\b|whatsapp|\bgsm\b|msisdn|\bfax\b|هاتف|جوال|موبايل|متحرك|hatif|jawwal|jawal",
        r"[+(]?(?:[0-9][-/ ().]{0,2}){7,15}",
    ),
    (
        "NATIONAL_ID",
        (
            r"emirates ?id|\beid\b|national (?:id|no|number)|identity (?:card|no|number)|\bid (?:card|no|number)\b|"
            r"civil (?:id|no)|iqama|\bqid\b|\bcpr\b|aadhaar|\bcnic\b|\bssn\b|هويه|huwiya|hawiya|الرقم المدني|اقامه"
        ),
        _NUMBERED,
    ),
    ("PASSPORT", r"passport|جواز|jawaz", _NUMBERED),
    ("IBAN_CODE", r"\biban\b|ايبان|ayban", r"(?i:[A-Z]{2}[0-9]{2}[A-Z0-9 -]{10,40})"),
    ("CREDIT_CARD", r"card ?(?:no|num|number)\b|\bpan\b|رقم البطاقه", r"(?:[0-9*xX][- ]?){12,19}"),
    ("BANK_ACCOUNT", r"(?:account|acct) ?(?:no|num|number)\b|رقم الحساب|raqm (?:al )?hisab", _NUMBERED),
    (
        "DATE_OF_BIRTH",
        r"\bdob\b|birth ?(?:date|day)\b|date (?:of )?birth|\bborn\b|تاريخ الميلاد|ميلاد|milad",
        r"[0-9]{1,4}[-/. ][0-9A-Za-z]{1,9}[-/. ][0-9]{1,4}.*|[0-9]{8}",
    ),
    (
        "ADDRESS",
        r"^(?:[a-z]+ )?address(?: line)?(?: [0-9])?$|\bstreet\b|\bpo ?box\b|\bmakani\b|عنوان|unwan|صندوق بريد",
        r".*[^\W\d_]{2}.*|[0-9]{3,10}",
    ),
    ("VEHICLE_PLATE", r"licen[cs]e plate|plate (?:no|number)|لوحه|lawha", r".*[0-9].*"),
    (
        "PERSON",
        (
            rf"^(?:{_PART} )+names?(?: {_LANGUAGE})?$|^(?:{_LANGUAGE} )?names?(?: {_LANGUAGE})?$|"
            rf"\b(?:fore|sur|first|last|full|f|l)name\b|^(?:ال)?اسم(?!.*(?:{_NOT_PEOPLE}))|"
            rf"^(?:al )?(?:ism|esm|isim)\b(?!.*(?:{_NOT_PEOPLE}))|\blaqab\b"
        ),
        _NAME_FORM,
    ),
    ("PERSON", rf"^(?:{PEOPLE})$", r"[^\W\d_][^\s\d]*(?: [^\W\d_][^\s\d]*){1,5}"),
    (
        "RECORD_ID",
        (
            rf"^(?:(?:{PEOPLE}|account|application|case|card|device|household|loan|policy|subject|unified)s? )"
            r"(?:id|no|num|number|ref|reference|key|uid|uuid)$|^(?:uuid|guid|uid)$|رقم العميل|raqm (?:al )?amil"
        ),
        _ANY,
    ),
)
_QUASI = (
    r"\bsex\b|gender|\bage\b|nationality|citizen|marital|personal status|post ?code|postal code|\bzip\b|\bcity\b|"
    r"\btown\b|\bemirate\b|district|religion|\brace\b|ethnic|occupation|\bjob\b|profession|education|foreign worker|"
    r"\bcountry\b|household|dependants?|dependents?|birth ?year|year (?:of )?birth|الجنس|العمر|جنسيه|المدينه|الديانه|"
    r"المهنه|الحاله الاجتماعيه|jinsiya|\bjins\b|\bumr\b|\bmadina\b|mihna"
)
_LABEL = (
    r"^(?:class|label|target|y|outcome|default(?:ed)?|churn(?:ed)?|(?:is )?fraud|approved|income|survived|diagnosis|"
    r"response|loan status|credit risk|risk)$"
)
_COUNTER = r"^(?:id|index|idx|row|row (?:id|no|number)|unnamed 0|serial|seq|no|رقم)$"

_DIRECT_PATTERNS = tuple((entity, re.compile(name), form) for entity, name, form in _DIRECT)
_QUASI_PATTERN, _LABEL_PATTERN, _COUNTER_PATTERN = (
    re.compile(_QUASI),
    re.compile(_LABEL),
    re.compile(_COUNTER),
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(name: str) -> str:
    """A column's name as lower-case words: "customerName_AR" is "customer name ar"."""
    return re.sub(r"[^\w]+", " ", fold_name(_CAMEL.sub(" ", name))).strip()


def direct_hints(name: str) -> tuple[Hint, ...]:
    """The identifiers a column's name suggests, the most telling first."""
    plain = words(name)
    return tuple(
        Hint(ColumnClass.DIRECT, entity, form) for entity, pattern, form in _DIRECT_PATTERNS if pattern.search(plain)
    )


def is_counter(name: str) -> bool:
    """Whether the name suggests a bare row number."""
    return _COUNTER_PATTERN.search(words(name)) is not None


def plain_class(name: str) -> ColumnClass:
    """The class a name suggests for a column whose cells identify nobody by themselves."""
    plain = words(name)
    if _LABEL_PATTERN.search(plain):
        return ColumnClass.LABEL
    return ColumnClass.QUASI if _QUASI_PATTERN.search(plain) else ColumnClass.ATTRIBUTE
