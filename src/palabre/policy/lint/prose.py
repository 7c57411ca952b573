"""What can be told of a text without understanding it: how long it is, how it is built, which words it has.

These are rough measures: they find a text that is surely too long or that never mentions something. A text that passes
is not thereby clear.
"""

import re
import unicodedata

_HEADING = re.compile(r"^(#{1,6})\s", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_ENDS = re.compile(r"[.!?:;]+(?=\s|$)|\n\s*\n|\n\s*(?=[-*|#]|\d+\.)")
"""Where a sentence ends: at its mark, and at the end of a paragraph, a heading, a list item or a table's row."""
_WORD = re.compile(r"\w[\w'’-]*")

TOPICS: dict[str, dict[str, str]] = {
    "interest": {"en": r"interests?\b", "fr": r"interets?\b"},
    "refusal": {
        "en": r"refus|declin|reject|not accept|not agree|say no",
        "fr": r"refus|declin|rejet|pas accept|pas d'accord|dire non|n'accept",
    },
    "consequence": {
        "en": r"required|condition|necessary|cannot use|can not use|without (it|this|them)|obligatory|must accept",
        "fr": r"requis|condition|necessaire|obligatoire|pas utiliser|sans (cela|elle|lui|eux)|(doit|devez) accepter",
    },
    "non-users": {
        "en": r"non-users?\b|(not|don't) use|not on\b|(no|without an?) account|not (a )?members?\b",
        "fr": r"non-utilisat|n'utilis|pas (inscrit|membre)|(sans|pas de) compte",
    },
}
"""What a text on the topic has somewhere, in each language that can be judged; without capitals and accents."""


def headings(text: str) -> list[int]:
    """The level of each heading, in order."""
    return [len(marks) for marks in _HEADING.findall(_FENCE.sub("", text))]


def words(text: str) -> int:
    return len(_WORD.findall(text))


def words_in_a_sentence(text: str) -> int:
    """On average, rounded."""
    counts = [count for count in map(words, _ENDS.split(text)) if count]
    return round(sum(counts) / len(counts)) if counts else 0


def mentions(text: str, topic: str, locale: str) -> bool:
    """Whether the text has a word on the topic. In a language that is not known here: yes."""
    pattern = TOPICS[topic].get(locale.partition("-")[0])
    return pattern is None or re.search(pattern, _plain(text)) is not None


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("’", "'").casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
