"""A small OpenID Connect provider on the loopback: discovery, keys, codes with PKCE, and id_tokens signed by a real RSA key.

It can be told to lie, one lie at a time: a wrong nonce, audience, issuer, key, algorithm, or an unverified address.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "wallboard", "a-client-secret-of-the-tests"


@lru_cache
def key(_number: int) -> RSAKey:
    """A real key; making one takes a while, so each is made once."""
    return RSAKey.generate_key(2048, parameters={"kid": "one"})


class Provider(ThreadingHTTPServer):
    """`who` is who signs in there; `lies` what it tells wrongly."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key, self.other_key = key(1), key(2)
        self.who: dict[str, Any] = {"sub": "subject-1", "email": "anna@example.org", "email_verified": True}
        self.lies: dict[str, Any] = {}
        self.asked: dict[str, dict[str, str]] = {}  # by code, what the browser asked with
        self.refused: list[str] = []

    def authorise(self, location: str) -> str:
        """What a browser does there: the address it is sent back to, from the one it was sent with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        code = f"code-{len(self.asked)}"
        self.asked[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": self.lies.get("state", asked["state"])})

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The id_token for a code; None when the asker proves too little."""
        asked = self.asked.pop(form.get("code", ""), None)
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if (
            asked is None
            or authorization != expected
            or challenge != asked.get("code_challenge")
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            self.refused.append(str(form))
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            **self.who,
            **self.lies.get("claims", {}),
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        signer = self.other_key if "key" in self.lies else self.key
        if "shared_secret" in self.lies:
            return {
                "id_token": jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET)),
                "access_token": "x",
                "token_type": "Bearer",
            }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, signer)
        if "unsigned" in self.lies:
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            signed = f"{head}.{signed.split('.')[1]}."
        return {"id_token": signed, "access_token": "x", "token_type": "Bearer"}


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        if self.path == "/.well-known/openid-configuration":
            issuer = self.server.issuer
            document: Any = {
                "issuer": self.server.lies.get("issuer", issuer),
                "authorization_endpoint": f"{issuer}/authorise",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
        else:
            document = {"keys": [self.server.key.as_dict(private=False)]}
        self._send(200, document)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        told = self.server.token(form, self.headers.get("Authorization", ""))
        self._send(200 if told else 400, told or {"error": "invalid_grant"})

    def _send(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Nothing."""


@contextmanager
def provider() -> Iterator[Provider]:
    """One that runs."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
