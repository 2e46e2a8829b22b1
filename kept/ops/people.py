"""Who is who in the sample practices, as plain data. Everybody is invented."""

import unicodedata
from dataclasses import dataclass
from datetime import time

from kept.practice.rules import Role

AT_THE_SECOND = (1, 5)


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
    """Somebody of two clinics is at the second on Tuesdays and Saturdays, else at the first."""

    name: str
    title: str
    clinics: tuple[str, ...]

    def clinic_on(self, weekday: int) -> str:
        """Where to be found that day; Monday is 0."""
        return self.clinics[-1 if weekday in AT_THE_SECOND else 0]


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
    opens_at: time = time(9)
    closes_at: time = time(18)

    def email(self, role: Role) -> str:
        """Where that member signs in: odette.farnley@example.com."""
        words = plain(self.members[role]).split()
        return f"{words[0]}.{words[-1]}@example.com"


def plain(name: str) -> str:
    """In small letters without accents, as an address has it."""
    return unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()


JUNIPER = PracticePlan(
    slug="juniper",
    name="Juniper Skin Studio",
    currency="USD",
    clinics=(
        ClinicPlan("Elm Street", "America/New_York", "214 Elm Street, Suite 3", "(555) 0110", ("Room 1", "Room 2", "Room 3"), ("Laser",)),
        ClinicPlan("Harbor Point", "America/Los_Angeles", "9 Harbor Point Walk", "(555) 0120", ("Room 1",), ("Laser",)),
    ),
    providers=(
        ProviderPlan("Dr. Imani Oduvale", "MD", ("Elm Street",)),
        ProviderPlan("Tess Marrowby", "NP", ("Elm Street",)),
        ProviderPlan("Priya Ramsethi", "PA-C", ("Elm Street",)),
        ProviderPlan("Joanna Veltmoor", "RN", ("Elm Street", "Harbor Point")),
        ProviderPlan("Mateo Quillaro", "LE", ("Elm Street",)),
        ProviderPlan("Noor Hadisan", "LE", ("Elm Street",)),
        ProviderPlan("Petra Lindvall", "NP", ("Harbor Point",)),
        ProviderPlan("Oskar Tamsin", "RN", ("Harbor Point",)),
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
        ServicePlan("Full-face filler", "Injectables", 75, 0, 10, 180_000),
        ServicePlan("Biostimulator", "Injectables", 60, 0, 10, 85_000),
        ServicePlan("Signature facial", "Skin", 60, 0, 10, 18_500),
        ServicePlan("Chemical peel", "Skin", 45, 0, 10, 22_000),
        ServicePlan("Microneedling", "Skin", 60, 10, 15, 35_000),
        ServicePlan("PRP facial", "Skin", 60, 10, 15, 48_000, ("Room 1", "Room 2")),
        ServicePlan("Laser resurfacing", "Laser", 60, 15, 15, 90_000, ("Laser",)),
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
)

QUINTA = PracticePlan(
    slug="quinta",
    name="Quinta da Pele",
    currency="EUR",
    clinics=(ClinicPlan("Príncipe Real", "Europe/Lisbon", "Rua do Jasmineiro 41", "(555) 0180", ("Sala 1",), ("Laser",)),),
    providers=(
        ProviderPlan("Dra. Filipa Monsanto", "MD", ("Príncipe Real",)),
        ProviderPlan("Leonel Arrábida", "RN", ("Príncipe Real",)),
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
