"""Who is who in the sample practices, as plain data. Everybody is invented."""

import unicodedata
from dataclasses import dataclass
from datetime import time

from kept.practice.rules import Role

DAY_OFF = "-"


@dataclass(frozen=True, slots=True)
class ClinicPlan:
    name: str
    zone: str
    address: str
    phone: str
    rooms: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """Somebody who is booked. `week` says for Monday to Sunday at which of her clinics she is, the first being 1; `performs` names
    categories and single services. Lunch lasts an hour."""

    name: str
    title: str
    clinics: tuple[str, ...]
    week: str
    performs: tuple[str, ...]
    lunch: time = time(12)

    def clinic_on(self, weekday: int) -> str | None:
        """Where to be found that day; Monday is 0. None: nowhere, it is her day off."""
        place = self.week[weekday]
        return None if place == DAY_OFF else self.clinics[int(place) - 1]

    def does(self, service: "ServicePlan") -> bool:
        return service.category in self.performs or service.name in self.performs


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """Minutes of the visit, minutes busy before and after it, the price in minor units, and the rooms or devices one of which it takes."""

    name: str
    category: str
    minutes: int
    before: int
    after: int
    price: int
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """A version of the policy: days after the opening, fee in minor units, what changed."""

    after_days: int
    fee: int
    what_changed: str


@dataclass(frozen=True, slots=True)
class LimitedPlan:
    """A seventh member, who works at one clinic alone (R24)."""

    name: str
    role: Role
    clinic: str


@dataclass(frozen=True, slots=True)
class PracticePlan:
    """Members by role; the provider's seat is that of the provider of the same name."""

    slug: str
    name: str
    currency: str
    clinics: tuple[ClinicPlan, ...]
    providers: tuple[ProviderPlan, ...]
    members: dict[Role, str]
    services: tuple[ServicePlan, ...]
    versions: tuple[VersionPlan, ...]
    patients: tuple[str, ...]
    description: str
    authorization: str
    gateway_key: str
    webhook_secret: str
    breathing_minutes: int = 0
    limited: LimitedPlan | None = None
    opens_at: time = time(9)
    closes_at: time = time(18)

    def email(self, role: Role) -> str:
        return email_of(self.members[role])

    def spans(self, person: ProviderPlan) -> tuple[tuple[time, time], ...]:
        """When somebody works on a day of hers, by the clocks there: before lunch and after."""
        return (self.opens_at, person.lunch), (person.lunch.replace(hour=person.lunch.hour + 1), self.closes_at)


def email_of(name: str) -> str:
    """Where somebody of that name reads mail: odette.farnley@example.com."""
    words = plain(name).split()
    return f"{words[0]}.{words[-1]}@example.com"


def plain(name: str) -> str:
    """In small letters without accents, as an address has it."""
    return unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()


BOTH = ("Elm Street", "Harbor Point")
PRP = ("PRP facial", "PRP hair restoration")
PRP_ROOMS = ("Room 1", "Room 2")

JUNIPER = PracticePlan(
    slug="juniper",
    name="Juniper Skin Studio",
    currency="USD",
    clinics=(
        ClinicPlan("Elm Street", "America/New_York", "214 Elm Street, Suite 3", "(555) 0110", ("Room 1", "Room 2", "Room 3"), ("Laser",)),
        ClinicPlan("Harbor Point", "America/Los_Angeles", "9 Harbor Point Walk", "(555) 0120", ("Room 1",), ("Laser",)),
    ),
    providers=(
        ProviderPlan("Dr. Imani Oduvale", "MD", ("Elm Street",), "11111--", ("Visits", "Injectables")),
        # Tess and Petra are there every day, so that the demo has something to show on any.
        ProviderPlan("Tess Marrowby", "NP", ("Elm Street",), "1111111", ("Visits", "Injectables"), time(12, 15)),
        ProviderPlan("Priya Ramsethi", "PA-C", ("Elm Street",), "1111-1-", ("Visits", "Injectables", *PRP), time(12, 30)),
        ProviderPlan("Joanna Veltmoor", "RN", BOTH, "12111-2", ("Visits", "Injectables", "Chemical peel"), time(11, 15)),
        ProviderPlan("Mateo Quillaro", "LE", ("Elm Street",), "-111111", ("Skin",), time(12, 30)),
        ProviderPlan("Noor Hadisan", "LE", ("Elm Street",), "11-1111", ("Laser", "Skin"), time(13)),
        ProviderPlan("Petra Lindvall", "NP", ("Harbor Point",), "1111111", ("Visits", "Injectables", "Laser")),
        ProviderPlan("Oskar Tamsin", "RN", ("Harbor Point",), "1-11111", ("Visits", "Skin", "Laser"), time(12, 30)),
    ),
    members={
        Role.OWNER: "Leonora Ashcombe",
        Role.MANAGER: "Silas Whitcombe",
        Role.FRONT_DESK: "Odette Farnley",
        Role.PROVIDER: "Tess Marrowby",
        Role.BILLING: "Benedikt Orsolo",
        Role.AUDITOR: "Philomena Strake",
    },
    services=(
        ServicePlan("Consultation", "Visits", 30, 0, 0, 6_000),
        ServicePlan("Two-week check", "Visits", 15, 0, 0, 0),
        ServicePlan("Wrinkle relaxer", "Injectables", 45, 0, 0, 42_000),
        ServicePlan("Lip filler", "Injectables", 60, 0, 5, 65_000),
        ServicePlan("Cheek filler", "Injectables", 60, 0, 5, 78_000),
        ServicePlan("Jawline filler", "Injectables", 45, 0, 5, 72_000),
        ServicePlan("Tear trough filler", "Injectables", 60, 0, 5, 76_000),
        ServicePlan("Full-face filler", "Injectables", 75, 0, 10, 180_000),
        ServicePlan("Biostimulator", "Injectables", 60, 0, 10, 85_000),
        ServicePlan("Signature facial", "Skin", 60, 0, 10, 18_500),
        ServicePlan("Dermaplaning facial", "Skin", 60, 0, 10, 16_500),
        ServicePlan("Extraction facial", "Skin", 45, 0, 10, 15_500),
        ServicePlan("Back facial", "Skin", 45, 0, 10, 17_000),
        ServicePlan("Chemical peel", "Skin", 45, 0, 10, 22_000),
        ServicePlan("Microneedling", "Skin", 60, 10, 15, 35_000),
        ServicePlan("PRP facial", "Skin", 60, 10, 15, 48_000, PRP_ROOMS),
        ServicePlan("PRP hair restoration", "Skin", 60, 10, 15, 52_000, PRP_ROOMS),
        ServicePlan("Laser resurfacing", "Laser", 60, 15, 15, 90_000, ("Laser",)),
        ServicePlan("Laser vein treatment", "Laser", 30, 5, 5, 28_000, ("Laser",)),
        ServicePlan("Laser hair removal", "Laser", 45, 5, 5, 24_000, ("Laser",)),
        ServicePlan("IPL photofacial", "Laser", 45, 5, 5, 39_000, ("Laser",)),
    ),
    versions=(
        VersionPlan(0, 5_000, "First version"),
        VersionPlan(30, 6_000, "Fee raised to $60.00"),
        VersionPlan(60, 7_500, "Fee raised to $75.00"),
    ),
    patients=(
        *("Renata Solbrook", "Marguerite Sloane", "Bram Holloway-Lin", "Greta Halvorsby", "Sunniva Parrick", "Ottilie Brandreth"),
        *("Delphine Okonmar", "Wendell Ashgrove", "Marisol Tennavik", "Caspian Wrenfield", "Beatrix Loumagne", "Hollis Rainecourt"),
        *("Ignatia Merrow", "Philippa Dunmarsh", "Aurelio Santamar", "Corinna Vexley", "Linnea Ostrander", "Tobias Fennimore"),
        *("Esme Thornquist", "Leopold Brisket", "Saoirse Kellaway", "Juniper Aldanza", "Rosalind Pemberwick", "Gideon Farrow"),
        *("Anneliese Trovato", "Odalys Quintrell", "Freya Lindquarry", "Nadia Verlaine-Cho", "Clementine Aubrac", "Yasmin Aldercott"),
        *("Thea Brightwater", "Ronan Gallowmere", "Isolde Marchetti", "Cosima Redfern", "Alaric Penhaligon", "Paloma Estrivier"),
        *("Aveline Prowse", "Barnaby Stellwick", "Cordelia Nashgrove", "Dashiell Mornay", "Elowen Tarrant", "Florian Besswick"),
        *("Georgina Hartlebrook", "Hestia Calloway-Reyes", "Ivo Lanternby", "Jocasta Winterbourne", "Kestrel Damaris", "Lucian Overfield"),
        *("Maeve Sunderwood", "Nicolette Farthing", "Orson Delacray", "Perpetua Lindgarde", "Quentin Rosewall", "Rosamund Eppleby"),
        *("Sylvie Harcastle", "Thaddeus Merribel", "Ursula Vantongeren", "Vesper Altamira", "Winifred Coldbrook", "Zenobia Marchwood"),
    ),
    description="We hold your time for you alone. Please tell us at least 24 hours before your appointment if you can’t come.",
    authorization=(
        "I authorize Juniper Skin Studio to keep my card on file with its payment provider and to charge the cancellation fee "
        "stated above if I miss my appointment."
    ),
    gateway_key="sk_test_juniper_4eC39HqLyjWDarjtT1",
    webhook_secret="whsec_juniper_9aQm2dX7",
    limited=LimitedPlan("Calla Brightmoor", Role.FRONT_DESK, "Harbor Point"),
)

EVERYTHING = ("Visitas", "Injetáveis", "Pele", "Laser")

QUINTA = PracticePlan(
    slug="quinta",
    name="Quinta da Pele",
    currency="EUR",
    clinics=(ClinicPlan("Príncipe Real", "Europe/Lisbon", "Rua do Jasmineiro 41", "(555) 0180", ("Sala 1",), ("Laser",)),),
    providers=(
        ProviderPlan("Dra. Filipa Monsanto", "MD", ("Príncipe Real",), "11111--", EVERYTHING),
        ProviderPlan("Leonel Arrábida", "RN", ("Príncipe Real",), "1111111", EVERYTHING, time(13)),
    ),
    members={
        Role.OWNER: "Benedita Salgueiral",
        Role.MANAGER: "Duarte Lamarosa",
        Role.FRONT_DESK: "Hana Corvelo",
        Role.PROVIDER: "Leonel Arrábida",
        Role.BILLING: "Vicente Outeirinho",
        Role.AUDITOR: "Noémia Arrifes",
    },
    services=(
        ServicePlan("Consulta", "Visitas", 30, 0, 0, 5_000),
        ServicePlan("Toxina botulínica", "Injetáveis", 45, 0, 0, 29_000),
        ServicePlan("Preenchimento labial", "Injetáveis", 60, 0, 5, 34_000),
        ServicePlan("Peeling", "Pele", 45, 0, 10, 12_000),
        ServicePlan("Laser fracionado", "Laser", 60, 10, 15, 42_000, ("Laser",)),
    ),
    versions=(VersionPlan(0, 4_000, "First version"),),
    patients=(
        *("Amélia Torrado", "Bernardo Sequeirinha", "Constança Valverdinho", "Diogo Farelães", "Eulália Moinhos", "Frederico Alcoutinho"),
        *("Graciete Pombalinho", "Henrique Loureda", "Isaura Cambeiro", "Joaquina Ribeirão-Sol", "Lourenço Ventosela", "Matilde Carvoal"),
    ),
    description="Reservamos este tempo só para si. Avise-nos pelo menos 24 horas antes.",
    authorization=(
        "Autorizo a Quinta da Pele a guardar o meu cartão junto do prestador de pagamentos e a cobrar a taxa indicada em caso de falta."
    ),
    gateway_key="sk_test_quinta_7xGh20PqMnvBzRs4",
    webhook_secret="whsec_quinta_5kTz8wLr",
    breathing_minutes=24 * 60,
)

PLANS = (JUNIPER, QUINTA)
