"""Our recognisers for the Gulf, as Presidio runs them. Import this module only when a scan begins: it loads Presidio.

All expect text that `normalise` has brought into one form.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import phonenumbers
import regex  # type: ignore[import-untyped]
from presidio_analyzer import AnalysisExplanation, EntityRecognizer, LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from adapters.privacy.arabic import find_names
from adapters.privacy.shapes import AE_PHONE, PHONE, SHAPES, Shape

REGEX_SECONDS = 0.5
"""Longest a pattern may take on one text; one that takes longer counts as a find of the whole text, never as clean."""

Find = tuple[int, int, float]


class Recogniser(LocalRecognizer):  # type: ignore[misc]
    """A recogniser for one entity that yields spans with scores; subclasses say where they are."""

    def __init__(self, entity: str, context: tuple[str, ...] = ()) -> None:
        super().__init__(
            supported_entities=[entity],
            supported_language="en",
            name=type(self).__name__,
            context=list(context),
        )

    def load(self) -> None:
        """Nothing to load."""

    @abstractmethod
    def find(self, text: str) -> Iterator[Find]:
        """Spans (start, end, score)."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The spans as Presidio wants them, without doubles."""
        found = [self._result(start, end, score) for start, end, score in self.find(text)]
        results: list[RecognizerResult] = EntityRecognizer.remove_duplicates(found)
        return results

    def _result(self, start: int, end: int, score: float) -> RecognizerResult:
        return RecognizerResult(
            self.supported_entities[0],
            start,
            end,
            score,
            analysis_explanation=AnalysisExplanation(recognizer=self.name, original_score=score),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


class ShapeRecogniser(Recogniser):
    """Finds one shape by its pattern; the check digit decides the score, or, where required, whether it is one."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.pattern = regex.compile(shape.regex, regex.IGNORECASE)
        super().__init__(shape.entity, shape.context)

    def find(self, text: str) -> Iterator[Find]:
        """Spans of the shape; the whole text when the pattern takes too long on it."""
        try:
            for match in self.pattern.finditer(text, timeout=REGEX_SECONDS):
                if self.shape.accepts(match.group()):
                    yield match.start(), match.end(), self.shape.confidence(match.group())
        except TimeoutError:
            yield 0, len(text), 1.0


class PhoneRecogniser(Recogniser):
    """Numbers that libphonenumber holds valid when dialled from the Emirates, told apart by whether they are theirs."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape.entity, shape.context)

    def find(self, text: str) -> Iterator[Find]:
        """Spans of valid numbers of the Emirates for AE_PHONE, of all others for PHONE_NUMBER."""
        for match in phonenumbers.PhoneNumberMatcher(text, "AE", leniency=phonenumbers.Leniency.VALID):
            entity = AE_PHONE if phonenumbers.region_code_for_number(match.number) == "AE" else PHONE
            if entity.entity == self.supported_entities[0]:
                opened = match.raw_string.startswith("(") and ")" not in match.raw_string
                yield match.start + opened, match.end, 0.75


class ArabicNameRecogniser(Recogniser):
    """Names of people in Arabic script."""

    def __init__(self) -> None:
        super().__init__("PERSON", ("الاسم", "اسم", "السيد"))

    def find(self, text: str) -> Iterator[Find]:
        """Spans of names."""
        return find_names(text)


class GulfNameRecogniser(Recogniser):
    """Names of people in Latin letters as the Gulf writes them: "Given bin Father Al Family"."""

    _pattern = regex.compile(
        r"\b\p{Lu}\p{L}+(?:\s(?:bin|bint|ibn|binti)\s\p{Lu}\p{L}+)+(?:\s(?:Al|El)[ -]\p{Lu}\p{L}+)?"
        r"|\b\p{Lu}\p{L}+(?:\s\p{Lu}\p{L}+){0,3}\s(?:Al|El)[ -]?\p{Lu}\p{L}+i\b",
        regex.UNICODE,
    )

    def __init__(self) -> None:
        super().__init__("PERSON", ("name", "mr", "mrs", "customer"))

    def find(self, text: str) -> Iterator[Find]:
        """Spans of names; the whole text when the pattern takes too long on it."""
        try:
            for match in self._pattern.finditer(text, timeout=REGEX_SECONDS):
                yield match.start(), match.end(), 0.7
        except TimeoutError:
            yield 0, len(text), 1.0


def recognisers() -> list[EntityRecognizer]:
    """Every recogniser of ours, phone shapes doubled by libphonenumber."""
    shapes = [ShapeRecogniser(shape) for shape in SHAPES]
    phones = [PhoneRecogniser(shape) for shape in (AE_PHONE, PHONE)]
    return [*shapes, *phones, ArabicNameRecogniser(), GulfNameRecogniser()]
