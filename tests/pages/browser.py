"""A browser without JavaScript: follows links within the site, keeps cookies, fills in forms."""

import itertools
import os
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

CODE = "000000"
_numbers = itertools.count(os.getpid() * 1000 % 90_000_000)


def new_number() -> str:
    """A French mobile number that no other test has."""
    return f"+336{next(_numbers) % 100_000_000:08d}"


class Page(HTMLParser):
    """What a person sees, and the forms that a browser could send."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.status = answer.status_code
        self.headers = answer.headers
        self.address = str(answer.url)
        self.path = answer.url.raw_path.decode()
        self.html = answer.text
        self.title = ""
        self.text = ""
        self.language = ""
        self.forms: list[dict[str, str]] = []
        self.actions: list[str] = []
        self.methods: list[str] = []
        self.links: dict[str, str] = {}
        self._skip = False
        self._link: str | None = None
        self._title = False
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "form":
            self.forms.append({})
            self.actions.append(given["action"])
            self.methods.append(given["method"])
        elif tag == "input" and given.get("type") != "checkbox":
            self.forms[-1][given["name"]] = given.get("value", "")
        elif tag == "option" and "selected" in given:
            self.forms[-1]["country"] = given["value"]
        elif tag == "a":
            self._link = given.get("href")
        self._title = tag == "title"
        self._skip = tag in ("title", "option", "script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._skip = self._title = False
        if tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._title:
            self.title += data
        if not self._skip:
            self.text += data
            if self._link is not None and data.strip():
                self.links[data.strip()] = self._link


class Browser:
    """One person's browser. `page` is what it shows; `left_to` is where a redirect led out of the site."""

    def __init__(self, http: httpx.AsyncClient, language: str = "en") -> None:
        self.base = str(http.base_url).rstrip("/")
        self._http = httpx.AsyncClient(
            transport=http._transport,
            base_url=self.base,
            headers={"accept-language": language},
            timeout=60,
        )
        self.page: Page
        self.left_to: str | None = None

    @property
    def cookies(self) -> httpx.Cookies:
        return self._http.cookies

    async def open(self, address: str) -> Page:
        return await self._follow(await self._http.get(address))

    async def submit(self, number: int = 0, /, **fields: str) -> Page:
        """Send a form of the page (the first one), with its hidden fields and `fields`."""
        action = urljoin(self.page.address, self.page.actions[number])
        data = {**self.page.forms[number], **fields}
        if self.page.methods[number] == "get":
            return await self._follow(await self._http.get(action, params=data))
        return await self.post(action, data)

    async def post(self, action: str, data: dict[str, str], origin: str | None = "own") -> Page:
        """Send a form, as if from a page of `origin`."""
        headers = {} if origin is None else {"origin": self.base if origin == "own" else origin}
        return await self._follow(await self._http.post(action, data=data, headers=headers))

    async def click(self, text: str) -> Page:
        return await self.open(urljoin(self.page.address, self.page.links[text]))

    async def _follow(self, answer: httpx.Response) -> Page:
        self.left_to = None
        while answer.has_redirect_location:
            target = urljoin(str(answer.url), answer.headers["location"])
            # Settings name another address than the test transport's; both are this server.
            if urlsplit(target).netloc not in (urlsplit(self.base).netloc, "127.0.0.1:8008"):
                self.left_to = target
                break
            answer = await self._http.get(target)
        self.page = Page(answer)
        return self.page

    async def sign_up(self, name: str = "Awa", number: str | None = None) -> str:
        """From wherever the sign-in begins to the end; returns the number."""
        number = number or new_number()
        if not self._at("/account/sign-in"):
            await self.open("/account/sign-in")
        await self.submit(phone=number)
        await self.submit(code=CODE)
        if self._at("/account/sign-in/name"):
            await self.submit(name=name)
        return number

    def _at(self, path: str) -> bool:
        return hasattr(self, "page") and self.left_to is None and urlsplit(self.page.path).path == path
