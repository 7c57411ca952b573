"""What people read about policies outside the pages is there in every language, with the same placeholders."""

from pathlib import Path

import pytest

import palabre
from palabre.core.text import Texts

SOURCE = Path(palabre.__file__).parent
CATALOGUES = sorted({path.parent for path in SOURCE.rglob("en.toml")})


@pytest.mark.parametrize("folder", CATALOGUES, ids=lambda folder: str(folder.relative_to(SOURCE)))
def test_the_languages_have_the_same_texts(folder: Path) -> None:
    texts = Texts.load(folder)
    assert texts.keys("fr") == texts.keys("en")
    assert len(texts.keys("en")) > 5


def test_every_notice_has_its_text_and_every_text_its_use() -> None:
    code = "".join(path.read_text() for path in (SOURCE / "messaging" / "notices").glob("*.py"))
    steps = {"notice", "reminder", "limited", "locked"}
    for key in Texts.load(SOURCE / "policy" / "texts").keys("en"):
        section, _, name = key.partition(".")
        if section == "notice":
            assert name in steps or f'"{name}"' in code or f'"notice.{name}"' in code, key
