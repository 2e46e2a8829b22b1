"""The pages of one's own account are no way around a lock."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from kept.practice.doors import bar

OURS = "/accounts/"
OPEN = tuple(
    OURS + path for path in ("login/", "logout/", "lock/", "unlock/", "password/reset/", "2fa/authenticate/", "2fa/webauthn/login/")
)


class AccountPagesAreBarredToo:
    """allauth's pages know of no lock and no hours: before them stands the bar of the staff door."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        own = request.path.startswith(OURS) and not request.path.startswith(OPEN)
        barred = bar(request) if own and request.user.is_authenticated else None
        return barred or self.get_response(request)
