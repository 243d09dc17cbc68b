"""Somebody who logs in, and reads what a page says."""

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request

from tests.acceptance.product import Product

PASSWORD = "Kastanj-4711"  # made up


class Person:
    """A browser without scripts."""

    def __init__(self, product: Product) -> None:
        self._base = f"http://127.0.0.1:{product.port}"
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def ask(self, path: str, language: str = "en", **form: str) -> tuple[int, str | None, str]:
        """Status, Retry-After and the page."""
        headers = {"Accept-Language": language, "Referer": self._base}
        token = next((cookie.value or "" for cookie in self._jar if cookie.name == "csrftoken"), "")
        data = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": token}).encode() if form else None
        try:
            with self._opener.open(urllib.request.Request(self._base + path, data, headers), timeout=40) as reply:
                return reply.status, reply.headers.get("Retry-After"), reply.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.headers.get("Retry-After"), refusal.read().decode()

    def log_in(self) -> None:
        """As `admin`."""
        self.ask("/login/")
        status, _, page = self.ask("/login/", username="admin", password=PASSWORD)
        assert (status, "form" in page) == (200, True), page[:500]
