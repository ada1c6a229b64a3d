"""Every text that a user can meet is free of idioms that stop a reader in a hurry."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def texts() -> tuple[str, ...]:
    return tuple(runpy.run_path(str(ROOT / "docs" / "texts.py"))["texts"]())


IDIOMS = {
    "an action without a plain verb": r"\bsee to\b|\bheld against\b|\bcomes to its end\b|\bcame to this\b",
    "nobody knows": r"\bnobody knows\b|\bby whom\b",
    "a relative clause at the end": r", of which\b",
    "is no, for is not a": r"\b(is|are|was) no (?!longer\b)[a-z]",
    "a negation of a negation": r"\b(not|never|no|nobody|nothing|without|can't|cannot)\b[^.;:,]{0,40}"
    r"\b(not|nobody|nothing|without|can't|cannot|un(?:known|able|compared))\b",
    "a clause for a noun": r"^[^ ]+: what (is|was|it|the|makes)\b|\bbut what\b|\bwhat it (says|holds)\b",
    "but for, for except": r"\bbut for\b|\ball but\b",
    "a request that no verb names": r"\bno request (changes|ends|reaches)\b|\bhas no request\b",
    "something": r"\bsomething (that|in|with|unexpected|repeated)\b",
    "a thing that speaks": r"\bsays otherwise\b|\bcontradicts itself\b|\bnothing was concluded\b",
    "deciding, for winning": r"\bdecides (nothing|otherwise)\b|\bwho wins\b|\blets .{1,20} win\b",
    "standing, for being": r"\bcan't stand\b|\bstands (twice|elsewhere)\b",
    "ending, for expiring": r"\btoken ended\b|\btoken has ended\b",
    "ours": r"\bof ours\b|\bthat is meant\b",
}

OLD = (
    "run again, or see to the server",
    "time-out (nobody knows whether it was done all the same)",
    "4 changes were done before, of which 3 by hand",
    "backup.json is no snapshot",
    "roles that nobody has not accepted",
    "neither side has changed, but what makes them equal has",
    "identical, but for 1 accepted difference",
    "no request changes role 'superadmin'",
    "GET /api answered 200 with something that is no token",
    "https://h contradicts itself, 3 times: GET / shows a row twice",
    "an order that decides nothing",
    "the name 'r/2' can't stand in a URL",
    "the target's token ended at 10:00 UTC",
    "if that is meant, raise --max-delete-percent",
)


def idioms_in(text: str) -> list[str]:
    """Return which idioms a text holds, by name."""
    return [idiom for idiom, pattern in IDIOMS.items() if re.search(pattern, text, re.IGNORECASE)]


def test_there_are_texts_to_read(texts: tuple[str, ...]) -> None:
    assert len(texts) > 300
    assert any(line == "\naction.yml" for line in texts)


def test_no_text_holds_an_idiom(texts: tuple[str, ...]) -> None:
    found = [f"{text.strip()}: {', '.join(idioms)}" for text in texts if (idioms := idioms_in(text))]
    assert not found, "say it with a subject, a verb and an object:\n" + "\n".join(found)


@pytest.mark.parametrize("text", OLD)
def test_an_idiom_is_found(text: str) -> None:
    assert idioms_in(text)
