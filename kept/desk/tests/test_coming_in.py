"""Coming in: signing in, sitting down in a practice and at a clinic, light or dark, and going home."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpResponse
from django.urls import reverse

from kept.foundation.ids import new_id
from kept.foundation.scope import outside, scope
from kept.ops.cast import PASSWORD, House
from kept.practice.models import Clinic, Member, MemberClinic, User
from kept.practice.rules import Role
from tests.kit.browser import Browser
from tests.kit.html import fields, words

ENTER, CHOOSE, DAY = reverse("desk:enter"), reverse("desk:choose"), reverse("desk:day")
SIGN_IN = reverse("account_login")
WRONG = "The email address and/or password you specified are not correct."


@pytest.fixture(autouse=True)
def no_attempts_counted(db: None) -> None:
    cache.clear()


def sign_in(browser: Browser, email: str, password: str = PASSWORD, **more: str) -> HttpResponse:
    return browser.post(SIGN_IN, {"login": email, "password": password, **more})


def way(browser: Browser, address: str) -> list[str]:
    """The addresses from there to the first page that stands."""
    answer = browser.get(address, follow=True)
    return [address for address, _status in answer.redirect_chain]  # type: ignore[attr-defined]


# Signing in


def test_who_signs_in_comes_to_her_first_tab(juniper: House, browser: Browser) -> None:
    answer = sign_in(browser, "odette.farnley@example.com")

    assert (answer.status_code, answer["Location"]) == (302, ENTER)
    assert way(browser, ENTER) == [DAY]
    assert "Odette Farnley" in words(browser.get(DAY))


def test_billing_comes_to_sales(juniper: House, browser: Browser) -> None:
    sign_in(browser, "benedikt.orsolo@example.com")

    assert way(browser, ENTER) == [reverse("billing:invoices")]


def test_signing_in_leads_to_the_page_that_was_asked_for(juniper: House, browser: Browser) -> None:
    address = f"{reverse('noshows:list')}?fee=paid"
    asked = browser.get(address)

    answer = browser.post(asked["Location"], {"login": "odette.farnley@example.com", "password": PASSWORD})

    assert (asked.status_code, answer["Location"]) == (302, address)


def test_and_to_none_of_another_site(juniper: House, browser: Browser) -> None:
    assert sign_in(browser, "odette.farnley@example.com", next="https://elsewhere.example/")["Location"] == ENTER


@pytest.mark.parametrize("email", ["odette.farnley@example.com", "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_address_are_told_the_same(juniper: House, browser: Browser, email: str) -> None:
    answer = sign_in(browser, email, "not the password")

    assert (answer.status_code, WRONG in words(answer)) == (200, True)
    assert fields(answer)["login"] == email
    assert "not the password" not in answer.content.decode()
    assert browser.get(DAY)["Location"].startswith(SIGN_IN)


def test_after_many_wrong_tries_the_right_one_waits_too(juniper: House, browser: Browser) -> None:
    for _try in range(6):
        sign_in(browser, "odette.farnley@example.com", "guess")

    answer = sign_in(browser, "odette.farnley@example.com")

    assert answer.status_code != 302
    assert browser.get(DAY)["Location"].startswith(SIGN_IN)


def test_an_account_that_was_closed_opens_nothing(juniper: House, odette: Member, browser: Browser) -> None:
    User.objects.filter(pk=odette.user_id).update(is_active=False)

    wrong, right = sign_in(browser, "odette.farnley@example.com", "a guess"), sign_in(browser, "odette.farnley@example.com")

    assert WRONG in words(wrong)  # only who knows the password is told
    assert (right.status_code, "This account is closed" in words(right)) == (403, True)
    assert browser.get(DAY)["Location"].startswith(SIGN_IN)


@pytest.mark.parametrize("address", [ENTER, CHOOSE, DAY, reverse("noshows:list"), reverse("desk:policy")])
def test_a_stranger_is_sent_to_sign_in(db: None, browser: Browser, address: str) -> None:
    answer = browser.get(address)

    assert (answer.status_code, answer["Location"]) == (302, f"{SIGN_IN}?next={address}")


def test_a_part_asked_for_by_a_stranger_sends_the_whole_page_to_sign_in(db: None) -> None:
    answer = Browser(headers={"HX-Request": "true"}).get(DAY)

    assert (answer.status_code, answer["HX-Redirect"], answer.content) == (204, SIGN_IN, b"")


def test_going_home_ends_the_session(juniper: House, odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    browser = signed_in(odette)
    old = browser.cookies["session"].value

    answer = browser.post(reverse("account_logout"))
    browser.cookies["session"] = old

    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)
    assert browser.get(DAY)["Location"].startswith(SIGN_IN)
    assert not Session.objects.filter(session_key=old).exists()


def test_and_only_a_press_does_so(juniper: House, odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    browser = signed_in(odette)

    browser.get(reverse("account_logout"))

    assert browser.get(DAY).status_code == 200


# Seats


@pytest.fixture
def both(juniper: House, quinta: House, odette: Member) -> Browser:
    """Odette works for Quinta too, as its auditor. She has signed in and sits nowhere yet."""
    with outside(), scope(quinta.practice.pk, actor="test"):
        Member.objects.create(practice=quinta.practice, user=odette.user, name="Odette F.", role=Role.AUDITOR)
    browser = Browser()
    with outside():
        browser.force_login(odette.user)
    return browser


def test_who_has_seats_in_two_practices_chooses_one(both: Browser, juniper: House, quinta: House) -> None:
    first = both.get(ENTER)
    choice = both.get(CHOOSE)
    answer = both.post(CHOOSE, {"practice": str(quinta.practice.pk)})

    assert (first.status_code, first["Location"]) == (302, CHOOSE)
    assert [seat.practice.name for seat in choice.context["seats"]] == ["Juniper Skin Studio", "Quinta da Pele"]
    assert (answer.status_code, answer["Location"]) == (302, ENTER)
    page = both.get(DAY)
    assert [page.context[name].name for name in ("practice", "clinic")] == ["Quinta da Pele", "Príncipe Real"]


def test_and_changes_over_with_the_rights_of_that_seat(both: Browser, juniper: House, quinta: House) -> None:
    found = []
    for practice in (quinta, juniper, quinta):
        both.post(CHOOSE, {"practice": str(practice.practice.pk)})
        page = both.get(DAY)
        found.append((page.context["practice"].slug, page.context["member"].role, page.context["clinic"].practice_id))

    auditor, desk = ("quinta", "auditor", quinta.practice.pk), ("juniper", "front_desk", juniper.practice.pk)
    assert found == [auditor, desk, auditor]


@pytest.mark.parametrize("practice", ["", "juniper", str(UUID(int=7)), "x" * 5_000])
def test_a_practice_where_she_has_no_seat_cannot_be_chosen(both: Browser, practice: str) -> None:
    answer = both.post(CHOOSE, {"practice": practice})

    assert (answer.status_code, len(answer.context["seats"])) == (200, 2)
    assert "practice" not in both.session


def test_nor_another_ones_practice(odette: Member, quinta: House, signed_in: Callable[[Member], Browser]) -> None:
    browser = signed_in(odette)

    browser.post(CHOOSE, {"practice": str(quinta.practice.pk)})

    assert browser.get(DAY).context["practice"].slug == "juniper"


def test_who_has_no_seat_is_told_so(db: None, browser: Browser) -> None:
    user = User.objects.create_user("new@example.com", PASSWORD)
    with outside():
        browser.force_login(user)

    answer = browser.get(ENTER, follow=True)

    assert (answer.status_code, answer.request["PATH_INFO"], list(answer.context["seats"])) == (200, CHOOSE, [])  # type: ignore[attr-defined]
    assert browser.get(DAY)["Location"] == ENTER


def test_a_seat_that_ends_in_mid_session_ends_it_there(odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    browser = signed_in(odette)
    before = browser.get(DAY).status_code

    Member.objects.filter(pk=odette.pk).update(active=False)

    after = [browser.get(address).status_code for address in (DAY, reverse("noshows:list"), reverse("billing:invoices"))]
    assert (before, after) == (200, [404, 404, 404])
    assert way(browser, ENTER) == [CHOOSE]


def test_a_session_of_no_seat_opens_nothing(odette: Member, quinta: House, signed_in: Callable[[Member], Browser]) -> None:
    browser = signed_in(odette)

    for practice in (quinta.practice.pk, new_id(), UUID(int=0)):
        session = browser.session
        session["practice"] = str(practice)
        session.save()
        assert browser.get(DAY).status_code == 404


# Clinics


def switch(browser: Browser, clinic: object, page: str = DAY) -> HttpResponse:
    return browser.post(reverse("desk:switch-clinic"), {"clinic": str(clinic)}, headers={"Referer": f"http://testserver{page}"})


def test_the_clinic_she_works_at_goes_with_her(odette: Member, harbor: Clinic, elm: Clinic, signed_in: Callable[[Member], Browser]) -> None:
    browser = signed_in(odette)
    first = browser.get(DAY).context["clinic"]

    answer = switch(browser, harbor.pk, reverse("billing:invoices"))

    assert (answer.status_code, answer["Location"]) == (302, f"http://testserver{reverse('billing:invoices')}")
    assert (first, browser.get(DAY).context["clinic"]) == (elm, harbor)


def test_from_a_day_that_names_its_clinic_she_comes_to_the_same_day_of_the_other(
    odette: Member, harbor: Clinic, elm: Clinic, signed_in: Callable[[Member], Browser]
) -> None:
    browser = signed_in(odette)
    day = browser.get(DAY, {"clinic": elm.pk, "date": "2026-10-20"})

    page = browser.get(switch(browser, harbor.pk, day.request["PATH_INFO"] + f"?clinic={elm.pk}&date=2026-10-20")["Location"])  # type: ignore[attr-defined]

    assert (page.context["clinic"], page.context["day"]) == (harbor, day.context["day"])


def test_a_clinic_she_was_not_given_is_no_choice(
    odette: Member, harbor: Clinic, elm: Clinic, signed_in: Callable[[Member], Browser]
) -> None:
    MemberClinic.objects.create(practice_id=odette.practice_id, member=odette, clinic=harbor)
    browser = signed_in(odette)

    switch(browser, elm.pk)
    page = browser.get(DAY)

    assert (page.context["clinic"], page.context["clinics"]) == (harbor, [harbor])
    assert browser.get(DAY, {"clinic": elm.pk}).status_code == 404


def test_a_clinic_taken_away_in_mid_session_is_left(
    odette: Member, harbor: Clinic, elm: Clinic, signed_in: Callable[[Member], Browser]
) -> None:
    browser = signed_in(odette)
    switch(browser, elm.pk)

    MemberClinic.objects.create(practice_id=odette.practice_id, member=odette, clinic=harbor)

    assert browser.get(DAY).context["clinic"] == harbor


@pytest.mark.parametrize("clinic", ["", "elm", str(UUID(int=7))])
def test_what_is_no_clinic_changes_nothing(odette: Member, elm: Clinic, signed_in: Callable[[Member], Browser], clinic: str) -> None:
    browser = signed_in(odette)

    switch(browser, clinic)

    assert browser.get(DAY).context["clinic"] == elm


def test_every_choice_of_the_switcher_is_one(odette: Member, harbor: Clinic, elm: Clinic, signed_in: Callable[[Member], Browser]) -> None:
    menu = signed_in(odette).get(DAY).content.decode().partition('action="/clinic/"')[2].partition("</form>")[0]

    assert [part.partition('"')[0] for part in menu.split('name="clinic" value="')[1:]] == [str(elm.pk), str(harbor.pk)]


@pytest.mark.parametrize("referer", ["", "https://elsewhere.example/", "http://testserver:9/x", "//elsewhere.example", "http://[", "no"])
def test_the_way_back_is_never_to_another_site(odette: Member, signed_in: Callable[[Member], Browser], referer: str) -> None:
    for address in (reverse("desk:switch-clinic"), reverse("desk:theme")):
        answer = signed_in(odette).post(address, headers={"Referer": referer})
        assert (answer.status_code, answer["Location"]) == (302, ENTER)


# Light and dark


@pytest.mark.parametrize(
    ("wanted", "shown"), [("light", ' data-theme="kept"'), ("dark", ' data-theme="kept-dark"'), ("system", ""), ("pink", "")]
)
def test_light_and_dark_go_with_her_to_every_browser(
    odette: Member, signed_in: Callable[[Member], Browser], wanted: str, shown: str
) -> None:
    signed_in(odette).post(reverse("desk:theme"), {"theme": wanted})

    assert f'<html lang="en-us"{shown}>' in signed_in(odette).get(DAY).content.decode()
