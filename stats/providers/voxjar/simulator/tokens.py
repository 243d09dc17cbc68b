"""Makes and checks tokens (JWT): long-lived ones of a year, which nobody can take back, and short-lived ones from `login`."""

from __future__ import annotations

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

YEAR_S = 365 * 86_400
SHORT_S = 4 * 3600


class Tokens:
    """`plain`: one more token that opens the doors whatever it is made of, for those who need to know it beforehand."""

    def __init__(self, seed: int, plain: str = "") -> None:
        self._key = OctKey.import_key(f"look-alike {seed} signs with this and nothing else".encode())
        self._plain = plain
        self._made = 0

    def make(self, now_s: int, *, lives_s: int = YEAR_S) -> str:
        """A new one; each has its own end."""
        self._made += 1
        claims = {"sub": "developer", "jti": str(self._made), "iat": now_s, "exp": now_s + lives_s}
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, self._key)

    def fault(self, authorization: str, now_s: int) -> str | None:
        """What is wrong with a request's header, in a few words; None: it may come in."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return "No authorization token was found"
        if self._plain and token == self._plain:
            return None
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            return "invalid token"
        return "jwt expired" if int(claims.get("exp", 0)) <= now_s else None
