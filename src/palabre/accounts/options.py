"""What an operator can set about accounts."""

import msgspec

DAY = 24 * 3600 * 1000


class HttpSms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to reach an SMS API: one request for each code.

    In `body` and `url`, `{to}` (E.164), `{code}`, `{text}` (the whole message) and `{locale}` are replaced, escaped for
    JSON, for a form, or for a URL as the content type asks.
    """

    url: str
    method: str = "POST"
    headers: dict[str, str] = msgspec.field(default_factory=lambda: {"Content-Type": "application/json"})
    body: str = '{"to": "{to}", "text": "{text}"}'
    signature_secret: str | None = None
    """When set, `signature_header` carries `sha256=` and the hexadecimal HMAC-SHA256 of the body."""
    signature_header: str = "X-Palabre-Signature-256"
    timeout_s: float = 10.0


class AccountOptions(msgspec.Struct, frozen=True):
    server_name: str
    public_url: str
    """Where clients reach this server, without a slash at the end."""
    default_region: str | None = None
    """ISO 3166-1 alpha-2: how numbers typed without a country code are read."""
    test_mode: bool = False
    sms: HttpSms | None = None
    """None: codes are shown on the terminal and at `/dev/codes`."""
    access_token_ms: int = 3600 * 1000
    """Life of an access token that comes with a refresh token. Without one, a token lasts until it is signed out."""
    recycle_ms: int = 45 * DAY
    pin_lock_ms: int = 7 * DAY
    """See `sign_in` for what these two mean."""

    @property
    def fictional_numbers(self) -> bool:
        """Whether unassigned numbers are taken: where no SMS leaves the server, nobody is disturbed."""
        return self.test_mode or self.sms is None
