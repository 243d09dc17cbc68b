"""Signing in through an organisation's own identity provider by OpenID Connect, where OIDC_ISSUER names one (Authlib).

Rules that hold here:
- Code flow with PKCE, state and nonce; an id_token is taken only when it is signed by a key of the issuer by an asymmetric algorithm, for
  us, and now.
- Who comes is known by issuer and subject. The first time a *verified* e-mail address decides: one that the operator gave an existing
  member, or one with an open invitation. Nobody else gets in.
- An address that an invited person merely stated proves nothing, so accounts made from a link carry none.
- Whoever is signed in connects an identity from their own account page alone: a link elsewhere could connect somebody else's.
"""

from functools import lru_cache
from typing import Any

import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from joserfc.errors import JoseError
from requests import RequestException

from wallboard.accounts import events, outside
from wallboard.accounts.digests import digest_of
from wallboard.accounts.entering import finish, safe_onward
from wallboard.pages.frame import address_of

log = structlog.get_logger(__name__)

ONWARD, CONNECTS = "outside_onward", "outside_connects"
# One that our own secret could make is no proof of who signed.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
TIMEOUT_S = 10.0


def name() -> str:
    """What people call the provider; empty when there is none."""
    return settings.OIDC_NAME if settings.OIDC_ISSUER else ""


@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """GET /login/outside/: off to the provider. A GET, for the content policy lets no form lead to another host."""
    if not name():
        return _refused(request, 404, _("No other way to sign in is set up here."))
    if request.user.is_authenticated and not _is_wish_to_connect(request, request.GET.get("connect", "")):
        return HttpResponseRedirect(safe_onward(request, request.GET.get("next", "")))
    request.session[CONNECTS] = request.user.is_authenticated
    request.session[ONWARD] = request.GET.get("next", "")
    try:
        answer: HttpResponse = _provider().authorize_redirect(request, _back(request))
    except (RequestException, OAuthError, ValueError, KeyError, RuntimeError) as wrong:
        log.warning("outside_sign_in_failed", reason=type(wrong).__name__)
        return _refused(request, 502, _("%(name)s does not answer. Sign in with a password, or try again in a while.") % {"name": name()})
    return answer


@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """GET /login/outside/back/: what the provider says of who came."""
    if not name():
        return _refused(request, 404, _("No other way to sign in is set up here."))
    onward, connects = str(request.session.pop(ONWARD, "")), request.session.pop(CONNECTS, False)
    try:
        told = _told(request)
    except (RequestException, OAuthError, JoseError, ValueError, KeyError, TypeError, RuntimeError) as wrong:
        log.warning("outside_sign_in_failed", reason=type(wrong).__name__)
        events.note_failure("", "sign_in.outside_failed", address_of(request))
        return _refused(request, 403, _("%(name)s did not confirm who you are. Try again from the sign-in page.") % {"name": name()})
    if request.user.is_authenticated:
        if not connects:
            return _refused(request, 403, _("You are logged in already. Connect %(name)s from your account page.") % {"name": name()})
        if not outside.link(request.user, told):
            return _refused(request, 403, _("That sign-in already belongs to somebody else here."))
        events.note(request.user, "account.outside_linked", address_of(request))
        return HttpResponseRedirect(safe_onward(request, onward))
    person = outside.person_of(told)
    if person is None:
        events.note_failure("", "sign_in.outside_refused", address_of(request))
        words = _(
            "%(name)s knows you, but nobody has let you in here. Ask somebody who administers the wallboard to invite your e-mail address."
        )
        return _refused(request, 403, words % {"name": name()})
    return finish(request, person, onward, how="outside")


def wish_to_connect(request: HttpRequest) -> str:
    """What the link on a person's own account page carries: theirs, of this session, for an hour."""
    return signing.dumps(_who_connects(request), salt=CONNECTS)


def _is_wish_to_connect(request: HttpRequest, wish: str) -> bool:
    try:
        return bool(signing.loads(wish, salt=CONNECTS, max_age=3600) == _who_connects(request))
    except signing.BadSignature:
        return False


def _who_connects(request: HttpRequest) -> str:
    return digest_of(f"{request.user.pk} {request.session.session_key}")


def _told(request: HttpRequest) -> outside.Told:
    provider = _provider()
    metadata = provider.load_server_metadata()
    if metadata.get("issuer") != settings.OIDC_ISSUER:
        raise ValueError("the provider calls itself otherwise")
    if request.GET.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
        # RFC 9207: an answer of another provider, mixed up with ours.
        raise ValueError("the answer is another provider's")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [each for each in offered if each in ALGORITHMS]
    needed = {
        "iss": {"essential": True, "value": settings.OIDC_ISSUER},
        "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
        "exp": {"essential": True},
        "nonce": {"essential": True},
    }
    claims = provider.authorize_access_token(request, claims_options=needed)["userinfo"]
    verified = claims.get("email_verified") in (True, "true")
    return outside.Told(
        issuer=settings.OIDC_ISSUER,
        subject=str(claims["sub"]),
        email=str(claims.get("email", "")) if verified else "",
        wish=str(claims.get("preferred_username", "")),
    )


def _back(request: HttpRequest) -> str:
    path = reverse("outside-back")
    return settings.PUBLIC_URL.rstrip("/") + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


def _provider() -> Any:
    return _registered(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@lru_cache(maxsize=4)
def _registered(issuer: str, client: str, secret: str) -> Any:
    return OAuth().register(
        "outside",
        client_id=client,
        client_secret=secret,
        server_metadata_url=issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "default_timeout": TIMEOUT_S},
    )


def _refused(request: HttpRequest, status: int, words: str) -> HttpResponse:
    return render(request, "accounts/refused.html", {"words": words}, status=status)
