"""Names of people in Arabic script, by the words they are made of: titles, given names, filiation, nisba.

No language model for Arabic is part of the installation, so this is a word list and four rules. It finds names as the
Gulf writes them; names that it does not know are caught by the column's name or stay unclassified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.privacy.normalise import fold_name


def _listed(text: str) -> list[str]:
    return text.split()


_GIVEN = _listed("""
محمد أحمد محمود حامد حمد حمدان علي عمر عثمان خالد سعيد سعود راشد سلطان زايد خليفة منصور سيف ماجد عبيد حميد جمعة ناصر
سالم مبارك حسن حسين إبراهيم إسماعيل إسحاق يوسف يعقوب يحيى عيسى موسى داود سليمان صالح هود آدم نوح أيوب زكريا إدريس
عبدالله عبدالرحمن عبدالعزيز عبدالكريم عبدالرحيم عبداللطيف عبدالسلام عبدالقادر عبدالحميد عبدالمجيد عبدالملك عبدالوهاب
فيصل فهد تركي بندر نايف مشعل طلال طارق بلال حمزة أنس أسامة عمار ياسر زياد مروان وليد هشام هاني سامي رامي فادي شادي
كريم عادل جمال كمال نبيل سمير منير بشير نذير جابر ثامر عامر شاكر ذياب مطر سهيل غانم بطي مانع حشر مكتوم هزاع طحنون حارب
مصطفى مرتضى رضا عباس جعفر صادق كاظم باقر حيدر قاسم هاشم عدنان غسان قحطان نزار معاذ معاوية لؤي قصي تميم جاسم بدر فارس
فاطمة مريم عائشة خديجة زينب آمنة أمينة حصة لطيفة موزة شما شمسة ميثاء سلامة علياء علية ريم شيخة هند نورة نوره نور سارة
ميرة عفراء مهرة روضة شهد لمياء هدى منى سلمى سلوى ليلى أسماء إيمان أمل أماني رانيا رنا دانة دلال جواهر عنود وضحى حمدة
بدرية نجلاء نوف نوال نادية سعاد سميرة سهام شريفة صفية صفاء طيبة عبير غادة فرح فوزية كلثم كريمة لبنى ماجدة مها ناعمة
هالة هيا وفاء ياسمين يسرى رقية حليمة سمية جميلة حنان خلود دينا رحمة رشا زهراء زهرة سحر سناء بشرى صائمة رابعة حنا
""")
_TITLES = _listed(
    "السيد السيدة الشيخ الشيخة الدكتور الدكتورة المهندس المهندسة الأستاذ الأستاذة الحاج الحاجة الآنسة المستشار"
)

GIVEN = frozenset(fold_name(word) for word in _GIVEN)
TITLES = frozenset(fold_name(word) for word in _TITLES)
LINKS = frozenset(fold_name(word) for word in _listed("بن ابن بنت آل أبو ابو أم ام ولد"))
SERVANT = "عبد"
_WORD = re.compile(r"[\u0621-\u065f\u0670-\u06d3]+")


def find_names(text: str) -> Iterator[tuple[int, int, float]]:
    """Spans (start, end, score) of people's names in text that `normalise` has brought into one form.

    A run of words that may belong to a name is one when it has two words, one of them a known given name or a title.
    """
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        belongs = _belongs(match.group()) or _titled(run)
        if run and (text[run[-1].end() : match.start()].strip(" ") or not belongs):
            yield from _name(run)
            run, belongs = [], _belongs(match.group())
        if belongs:
            run.append(match)
    yield from _name(run)


def _titled(run: list[re.Match[str]]) -> bool:
    """Whether a title stands so near that the next word, even an unknown one, is taken for a name."""
    return 0 < len(run) <= 2 and fold_name(run[0].group()) in TITLES


def _belongs(word: str) -> bool:
    folded = fold_name(word)
    return folded in GIVEN or folded in TITLES or folded in LINKS or folded == SERVANT or _is_nisba(folded)


def _is_nisba(folded: str) -> bool:
    return folded.startswith("ال") and folded.endswith("ي") and len(folded) >= 5


def _name(run: list[re.Match[str]]) -> Iterator[tuple[int, int, float]]:
    folded = [fold_name(match.group()) for match in run]
    titled = any(word in TITLES for word in folded)
    named = any(word in GIVEN or word == SERVANT for word in folded)
    if len(run) >= 2 and (titled or named):
        yield run[0].start(), run[-1].end(), 0.8 if named else 0.6
