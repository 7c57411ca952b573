"""What people read, by key and language, and the choice of a language for each person.

A catalogue is one TOML file for each language (`en.toml`, `fr.toml`); `[sign_in]` with `title = "…"` becomes the key
`sign_in.title`. Placeholders are written `{name}`. A text that counts something has two keys, `….one` and `….other`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

DEFAULT_LANGUAGE = "en"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Texts:
    """The catalogues of all languages."""

    def __init__(self, catalogues: Mapping[str, Mapping[str, str]]) -> None:
        self._catalogues = {
            language: {key: _typography(language, text) for key, text in catalogue.items()}
            for language, catalogue in catalogues.items()
        }

    @classmethod
    def load(cls, directory: Path, languages: Iterable[str] = ("en", "fr")) -> "Texts":
        """Read `<language>.toml` of each language in `directory`."""
        return cls(
            {
                language: _flatten(tomllib.loads((directory / f"{language}.toml").read_text(encoding="utf-8")))
                for language in languages
            }
        )

    @property
    def languages(self) -> list[str]:
        return list(self._catalogues)

    def keys(self, language: str) -> dict[str, set[str]]:
        """Every key of a language with the names of its placeholders."""
        return {key: set(_PLACEHOLDER.findall(text)) for key, text in self._catalogues[language].items()}

    def has(self, key: str) -> bool:
        return key in self._catalogues[DEFAULT_LANGUAGE]

    def get(self, language: str, key: str, **values: Any) -> str:
        """The text of `key`. Raises KeyError for a key or a placeholder that nobody wrote."""
        return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), self._catalogues[language][key])

    def count(self, language: str, key: str, n: int, **values: Any) -> str:
        """The text of `key` for a number of things, `{n}` in the text."""
        singular = n < 2 if language == "fr" else n == 1
        return self.get(language, f"{key}.{'one' if singular else 'other'}", n=n, **values)

    def choose(self, *wishes: str | None) -> str:
        """The first wish that names a language we have, else English.

        A wish is a language tag, a list of them divided by spaces (OpenID Connect's `ui_locales`), or an
        Accept-Language header (RFC 9110 section 12.5.4).
        """
        for wish in wishes:
            for tag in _ranked(wish or ""):
                language = tag.split("-")[0]
                if language in self._catalogues:
                    return language
        return DEFAULT_LANGUAGE


def _ranked(wish: str) -> list[str]:
    """The tags of a wish, lower case, most wanted first."""
    if "," not in wish and ";" not in wish:
        return wish.lower().split()
    ranked: list[tuple[float, int, str]] = []
    for index, part in enumerate(wish.lower().split(",")[:32]):
        tag, _, parameter = part.partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if weight > 0:
            ranked.append((-weight, index, tag.strip()))
    return [tag for _, _, tag in sorted(ranked)]


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, str):
            flat[prefix + name] = value
        else:
            flat.update(_flatten(value, f"{prefix}{name}."))
    return flat


def _typography(language: str, text: str) -> str:
    """Curly apostrophes; and French puts a space before `; : ! ? »` and after `«` at which a line must not break."""
    text = text.replace("'", "’")
    if language != "fr":
        return text
    text = re.sub(r" ([;!?])", "\u202f\\1", text)
    return re.sub(r"« ", "«\u00a0", re.sub(r" ([:»])", "\u00a0\\1", text))
