"""Addresses of accounts: allauth's, those of them that an account by invitation needs, and ours."""

from allauth.account import views as account
from django.urls import include, path, re_path

from kept.accounts import locking, pages, staff

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path("password/reset/key/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("2fa/", pages.account, name="mfa_index"),
    path("2fa/trust/", pages.trust, name="mfa_trust"),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", pages.sessions, name="usersessions_list"),
    path("pin/", pages.pin, name="account_pin"),
    path("lock/", locking.lock, name="account_lock"),
    path("unlock/", locking.unlock, name="account_unlock"),
    path("unlock/passkey/", locking.unlock_by_passkey, name="account_unlock_by_passkey"),
    path("touch/", locking.touch, name="account_touch"),
    path("staff/<uuid:seat_id>/invite/", staff.invite, name="staff_invite"),
    path("staff/<uuid:seat_id>/end-sessions/", staff.end_sessions, name="staff_end_sessions"),
    path("staff/<uuid:seat_id>/reset-second-step/", staff.reset_second_step, name="staff_reset_second_step"),
]
