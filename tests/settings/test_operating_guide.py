"""`docs/operating.md` names every setting and every limit, as they are."""

import re
from pathlib import Path

import msgspec

from palabre.accounts.options import HttpSms
from palabre.http.limits import LIMITS, Limit
from palabre.serve import load_settings
from palabre.settings import Settings

GUIDE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")


def test_every_setting_is_described() -> None:
    for kind in (Settings, HttpSms):
        for field in msgspec.structs.fields(kind):
            assert re.search(rf"^\| `\[?{field.name}\]?` \|", GUIDE, re.M), field.name


def test_every_limit_is_described() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| [^|]+ \| [^|]+ \| ([\d,]+) \| ([^|]+) \|$", GUIDE, re.M)
    described = {}
    for name, burst, rate in rows:
        number = float(re.findall(r"[\d.]+", rate)[0])
        per_second = number if rate.endswith("a second") else 1 / number
        described[name] = Limit(int(burst.replace(",", "")), per_second)
    assert described == LIMITS


def test_the_printed_file_is_taken(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", GUIDE, re.S)
    assert len(examples) == 2
    for example in examples:
        file = tmp_path / "palabre.toml"
        file.write_text(example, encoding="utf-8")
        settings = load_settings(file, port=9999)
        settings.check()
        assert settings.sms is not None
        assert settings.port == 9999
