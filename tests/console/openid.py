"""A small OpenID provider with real keys and tokens, which checks what it is sent, and lies on demand.

It shares no code with the console: PKCE, states and tokens are checked from the standards' own words.
"""

import base64
import hashlib
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlencode

import uvicorn
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT = "bridge"
SECRET = "a client's secret: with/special+characters"

Claims = dict[str, Any]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class OpenId:
    """One provider, in a thread of its own."""

    def __init__(self) -> None:
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, dict[str, str]] = {}
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self.issuer = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        #: What an ID token says beyond what it must.
        self.claims: Claims = {"email": "ann@example.com", "groups": ["staff", "ops"]}
        #: Makes the ID token of what it should claim.
        self.spoil_token: Callable[[Claims], str] = self.signed
        #: Changes the description of the provider.
        self.spoil_metadata: Callable[[Claims], Claims] = lambda found: found
        #: Everything that was refused, and why.
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def signed(self, claims: Claims, *, key: rsa.RSAPrivateKey | None = None, alg: str = "RS256") -> str:
        """Return an ID token."""
        head = {"alg": alg, "kid": "one", "typ": "JWT"}
        content = f"{_text(json.dumps(head).encode())}.{_text(json.dumps(claims).encode())}"
        if alg == "none":
            return f"{content}."
        signature = (key or self._key).sign(content.encode(), padding.PKCS1v15(), SHA256())
        return f"{content}.{_text(signature)}"

    async def _metadata(self, _: Request) -> Response:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return JSONResponse(self.spoil_metadata(found))

    async def _keys(self, _: Request) -> Response:
        numbers = self._key.public_key().public_numbers()
        modulus = _text(numbers.n.to_bytes(256, "big"))
        key = {"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", "n": modulus, "e": "AQAB"}
        return JSONResponse({"keys": [key]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        if any(asked.get(name) != value for name, value in wanted.items()) or not asked.get("code_challenge"):
            return self._no("the authorization request")
        if "openid" not in asked.get("scope", "").split():
            return self._no("the scope")
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 303)

    async def _token(self, request: Request) -> Response:
        login = base64.b64encode(b"bridge:a%20client%27s%20secret%3A%20with%2Fspecial%2Bcharacters").decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return self._no("the client's secret")
        async with request.form() as form:
            sent = {name: str(value) for name, value in form.items()}
        asked = self._codes.pop(sent.get("code", ""), None)
        if asked is None or sent.get("grant_type") != "authorization_code":
            return self._no("the code")
        if sent.get("redirect_uri") != asked["redirect_uri"]:
            return self._no("the redirect_uri")
        challenge = _text(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        if challenge != asked["code_challenge"]:
            return self._no("the code_verifier")
        now = int(time.time())
        claims: Claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "u-1",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.claims,
        }
        id_token = self.spoil_token(claims)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": id_token})

    def _no(self, what: str) -> Response:
        self.refused.append(what)
        return JSONResponse({"error": "invalid_request"}, 400)
