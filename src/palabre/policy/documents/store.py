"""What is kept beside a version and read with it only rarely. Versions themselves are read by the catalogue."""

from ...storage.database import Reader


async def findings(reader: Reader, policy: str, version: str) -> str:
    """The linter's findings at the time of publishing, as JSON."""
    text = await reader.fetchval(
        "SELECT findings FROM policy_versions WHERE policy = $1 AND version = $2", policy, version
    )
    return str(text)
