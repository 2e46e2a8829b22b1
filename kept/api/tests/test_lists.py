"""What a practice offers: clinics, providers, services, and its policy."""

from collections.abc import Callable

from kept.api.tests.conftest import Caller
from kept.ops.cast import House
from kept.policies.document import flat
from kept.practice.models import Member, MemberClinic


def test_clinics(desk: Caller, juniper: House) -> None:
    elm, harbor = juniper.clinics["Elm Street"], juniper.clinics["Harbor Point"]

    assert desk.get("/clinics").json() == {
        "items": [
            {
                "id": str(elm.pk),
                "name": "Elm Street",
                "zone": "America/New_York",
                "currency": "USD",
                "address": "214 Elm Street, Suite 3",
                "phone": "(555) 0110",
                "opens": "09:00",
                "closes": "18:00",
                "hours": [{"weekday": day, "opens": "09:00", "closes": "18:00"} for day in range(7)],
                "online": True,
                "active": True,
            },
            {
                "id": str(harbor.pk),
                "name": "Harbor Point",
                "zone": "America/Los_Angeles",
                "currency": "USD",
                "address": "9 Harbor Point Walk",
                "phone": "(555) 0120",
                "opens": "09:00",
                "closes": "18:00",
                "hours": [{"weekday": day, "opens": "09:00", "closes": "18:00"} for day in range(7)],
                "online": True,
                "active": True,
            },
        ],
        "next": None,
    }


def test_clinics_page_by_page(desk: Caller) -> None:
    first = desk.get("/clinics", limit=1).json()
    second = desk.get("/clinics", limit=1, cursor=first["next"]).json()

    assert [page["items"][0]["name"] for page in (first, second)] == ["Elm Street", "Harbor Point"]
    assert second["next"] is None


def test_a_limited_member_sees_her_clinic_and_who_works_there(desk: Caller, juniper: House, odette: Member) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    assert [item["name"] for item in desk.get("/clinics").json()["items"]] == ["Harbor Point"]
    assert [item["name"] for item in desk.get("/providers").json()["items"]] == ["Joanna Veltmoor", "Oskar Tamsin", "Petra Lindvall"]


def test_providers(desk: Caller, juniper: House) -> None:
    said = desk.get("/providers").json()["items"]

    joanna = juniper.providers["Joanna Veltmoor"]
    places = sorted(str(clinic.pk) for clinic in juniper.clinics.values())
    assert len(said) == 8
    about = next(item for item in said if item["id"] == str(joanna.pk))
    schedules = about.pop("schedules")
    assert about == {"id": str(joanna.pk), "name": "Joanna Veltmoor", "title": "RN", "clinics": places, "active": True}
    assert {each["clinic"] for each in schedules} <= set(places)
    assert set(schedules[0]) == {"clinic", "weekday", "opens", "closes"}


def test_a_provider_finds_herself_alone(caller: Callable[..., Caller], tess: Member) -> None:
    assert [item["name"] for item in caller(tess).get("/providers").json()["items"]] == ["Tess Marrowby"]


def test_services(desk: Caller, juniper: House) -> None:
    said = desk.get("/services").json()["items"]

    assert len(said) == len(juniper.plan.services)
    assert said[0] == {
        "id": str(juniper.services["Back facial"].pk),
        "name": "Back facial",
        "category": "Skin",
        "minutes": 45,
        "buffer_before": 0,
        "buffer_after": 10,
        "price": {"minor": 17000, "currency": "USD"},
        "zones": 1,
        "performers": sorted(str(pk) for pk in juniper.services["Back facial"].performers.values_list("provider", flat=True)),
        "resources": sorted(str(pk) for pk in juniper.services["Back facial"].resources.values_list("resource", flat=True)),
        "online": True,
        "active": True,
    }


def test_the_policy_and_its_versions(desk: Caller, juniper: House) -> None:
    said = desk.get("/policies").json()

    assert (said["fees_on"], [version["number"] for version in said["versions"]]) == (True, [3, 2, 1])
    assert said["current"] == said["versions"][0]
    assert {name: value for name, value in said["current"].items() if name != "id"} == {
        "number": 3,
        "description": juniper.plan.description,
        "authorization_text": juniper.plan.authorization,
        "currency": "USD",
        "terms": flat(7500).model_dump(mode="json"),
        "published_at": "2026-03-06T15:00:00Z",
        "published_by": {"id": str(juniper.members["owner"].pk), "name": "Leonora Ashcombe"},  # type: ignore[index]
        "what_changed": "Fee raised to $75.00",
    }
