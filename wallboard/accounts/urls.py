"""Addresses of the room: signing in and out, one's own account, people, tokens and the audit log."""

from django.urls import path

from wallboard.accounts import audit_page, inviting, joining, members, oidc, own_account, sign_in, token_page

urlpatterns = [
    path("login/", sign_in.page, name="login"),
    path("login/code/", sign_in.code, name="login-code"),
    path("login/outside/", oidc.begin, name="outside"),
    path("login/outside/back/", oidc.back, name="outside-back"),
    path("logout/", sign_in.sign_out, name="logout"),
    # Before the admin's own, which knows neither waits nor second steps.
    path("admin/login/", sign_in.admin_page),
    path("join/<str:word>/", joining.page, name="join"),
    path("account/", own_account.page, name="account"),
    path("account/organisation/", own_account.switch_page, name="account-organisation"),
    path("account/sessions/<int:pk>/end/", own_account.end_page, name="account-session-end"),
    path("people/", members.page, name="people"),
    path("people/invite/", inviting.invite_page, name="people-invite"),
    path("people/back/", members.put_back_page, name="people-back"),
    path("people/<int:pk>/", members.change_page, name="people-change"),
    path("people/<int:pk>/remove/", members.remove_page, name="people-remove"),
    path("people/invitations/<int:pk>/revoke/", inviting.take_back_page, name="people-invitation-revoke"),
    path("tokens/", token_page.page, name="tokens"),
    path("tokens/<int:pk>/revoke/", token_page.revoke_page, name="token-revoke"),
    path("audit/", audit_page.page, name="audit"),
    path("audit/audit.csv", audit_page.file_page, name="audit-file"),
]
