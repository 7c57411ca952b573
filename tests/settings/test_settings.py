"""Settings from the file and the command line."""

from pathlib import Path

import pytest

from palabre.serve import load_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "palabre.toml"
    file.write_text('host = "127.0.0.2"\nport = 8100\ndata = "somewhere"\n')
    return file


def test_the_command_line_wins_over_the_file(file: Path) -> None:
    settings = load_settings(file, host=None, port=8200, data=None)
    assert (settings.host, settings.port, settings.data) == ("127.0.0.2", 8200, Path("somewhere"))


@pytest.mark.parametrize("wrong", ["prot = 1", 'port = "8008"', "[sms]\nadress = 'x'", "not toml"])
def test_a_mistake_in_the_file_is_said(file: Path, wrong: str) -> None:
    file.write_text(wrong)
    with pytest.raises(ValueError, match=r"setting is wrong|not valid TOML"):
        load_settings(file)
