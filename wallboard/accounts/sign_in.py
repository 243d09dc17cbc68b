"""Signing in and out: a password, then, for whoever has switched it on, a code from an app.

Rules that hold here:
- Words, status and steps are the same for an account that exists and one that does not.
- Whoever has given the password alone is nobody yet: that lies in the session for HALF_IN_S, and no page or socket asks for it.
- Each step gives the session a new key, so that a key known before opens nothing after.
- It goes on to where one wanted to go, on this host alone.
"""

import time
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from wallboard.accounts import events, oidc, second_step, throttle
from wallboard.accounts.entering import HALF_IN, finish, too_many
from wallboard.accounts.models import OpenSession
from wallboard.pages.frame import address_of

HALF_IN_S = 5 * 60
LONGEST_NAME = 150


class SignIn(LoginView):
    """GET and POST /login/"""

    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def get_redirect_url(self) -> str:  # type: ignore[override]  # the stubs are of another Django
        """Where one wanted to go; never back here, which would go round in circles."""
        wanted = super().get_redirect_url()
        return "" if wanted.startswith((reverse("login"), reverse("logout"))) else wanted

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """What the page shows beside the form."""
        return {**super().get_context_data(**context), "outside": oidc.name(), "ended": "ended" in self.request.GET}

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Counts the attempt first; whoever must wait is told how long, and the password is not looked at."""
        account, address = request.POST.get("username", "")[:LONGEST_NAME], address_of(request)
        wait_s = throttle.enter(account, address)
        if wait_s:
            return too_many(
                self.render_to_response(self.get_context_data(form=self.get_form_class()(request), wait_min=-(-wait_s // 60))), wait_s
            )
        form = self.get_form()
        if form.is_valid():
            throttle.forgive(account, address)
            return self.form_valid(form)
        events.note_failure(account, "sign_in.failed", address)
        return self.form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponse:
        """In, or half in."""
        person = form.get_user()
        if not second_step.is_on(person):
            return finish(self.request, person, self.get_success_url(), how="password")
        self.request.session[HALF_IN] = {
            "person": person.pk,
            "at": time.time(),
            "next": self.get_success_url(),
            # A password changed meanwhile, or a person shut out, ends the half way too.
            "mark": person.get_session_auth_hash(),
        }
        self.request.session.cycle_key()
        return HttpResponseRedirect(reverse("login-code"))


@never_cache
@sensitive_post_parameters("code")
def code(request: HttpRequest) -> HttpResponse:
    """GET and POST /login/code/: the second step."""
    half = request.session.get(HALF_IN)
    person = _half_in(half)
    if half is None or person is None:
        request.session.pop(HALF_IN, None)
        return HttpResponseRedirect(reverse("login"))
    if request.method != "POST":
        return render(request, "accounts/code.html")
    account, address = f"code of {person.pk}", address_of(request)
    wait_s = throttle.enter(account, address)
    if wait_s:
        return too_many(render(request, "accounts/code.html", {"wait_min": -(-wait_s // 60)}), wait_s)
    found = second_step.check(person, request.POST.get("code", ""))
    if not found:
        events.note(person, "sign_in.code_failed", address)
        return render(request, "accounts/code.html", {"wrong": True})
    throttle.forgive(account, address)
    left = second_step.recovery_codes_left(person) if found == "recovery" else None
    return finish(request, person, half["next"], how=found, **({} if left is None else {"codes_left": left}))


class SignOut(LogoutView):
    """POST /logout/"""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Writes it down while it is known who goes."""
        if request.user.is_authenticated:
            OpenSession.objects.filter(session_key=request.session.session_key).delete()
            events.note(request.user, "sign_in.ended", address_of(request))
        return super().post(request, *args, **kwargs)


def _half_in(half: Any) -> Any:
    """The person who gave the right password a moment ago."""
    try:
        if not 0 <= time.time() - float(half["at"]) <= HALF_IN_S:
            return None
        person = get_user_model()._default_manager.filter(pk=half["person"], is_active=True).first()
    except (TypeError, KeyError, ValueError, ValidationError):
        return None
    return person if person is not None and person.get_session_auth_hash() == half["mark"] else None


page = never_cache(SignIn.as_view())
# Under the admin's own address, where somebody signed in may come who may not administer: no going round in circles.
admin_page = never_cache(SignIn.as_view(redirect_authenticated_user=False))
sign_out = never_cache(SignOut.as_view())
