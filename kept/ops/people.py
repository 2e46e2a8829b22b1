"""Who is who in the sample practices. Everybody is invented."""

from datetime import time

from kept.ops.plans import BlockPlan, ClinicPlan, Course, LimitedPlan, PracticePlan, ProviderPlan, Scene, ServicePlan, VersionPlan
from kept.practice.rules import Role

BOTH = ("Elm Street", "Harbor Point")
PRP = ("PRP facial", "PRP hair restoration")
PRP_ROOMS = ("Room 1", "Room 2")
NEWCOMER = "Verity Amberlyn"  # the last of the crowd: added and booked a few hours ago, and awaiting a card

JUNIPER = PracticePlan(
    slug="juniper",
    name="Juniper Skin Studio",
    text_from="+1 212 555 0199",
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
    crowd=340,
    scenes=(
        Scene(0, time(11), "Tess Marrowby", "Renata Solbrook", "Lip filler", Course.FORGOTTEN),
        Scene(0, time(11, 45), "Noor Hadisan", "Marguerite Sloane", "Laser resurfacing", Course.FORGOTTEN, accepts=False),
        Scene(0, time(12, 15), "Joanna Veltmoor", "Bram Holloway-Lin", "Wrinkle relaxer", Course.FORGOTTEN),
        Scene(0, time(13, 15), "Tess Marrowby", "Linnea Ostrander", "Wrinkle relaxer"),
        Scene(0, time(15, 30), "Tess Marrowby", "Corinna Vexley", "Tear trough filler"),
        Scene(0, time(15, 30), "Tess Marrowby", "Aurelio Santamar", "Two-week check", beside=True),
        Scene(None, time(16, 45), "Tess Marrowby", NEWCOMER, "Consultation", accepts=False),
        Scene(-1, time(16), "Tess Marrowby", "Wendell Ashgrove", "Two-week check", Course.WALKED_IN, accepts=False),
        Scene(-1, time(10), "Petra Lindvall", "Cosima Redfern", "Laser hair removal", Course.FORGOTTEN),
    ),
    blocks=(
        BlockPlan(0, time(16, 30), time(17, 30), "Elm Street", "Laser", "Device service"),
        BlockPlan(0, time(9), time(9, 30), "Harbor Point", "Petra Lindvall", "Team meeting"),
        BlockPlan(1, time(16), time(18), "Elm Street", "Dr. Imani Oduvale", "Training"),
        BlockPlan(3, time(9), time(11), "Elm Street", "Tess Marrowby", "Training"),
        BlockPlan(8, time(13, 30), time(15), "Harbor Point", "Laser", "Device service"),
    ),
    misses={"Bram Holloway-Lin": 0.4, "Juniper Aldanza": 0.3, "Caspian Wrenfield": 0.3, "Alaric Penhaligon": 0.25, "Greta Halvorsby": 0.0},
    notes={
        "Renata Solbrook": "Parks at the back; allow five minutes.",
        "Bram Holloway-Lin": "Asked to be reminded by text, not by phone.",
        "Greta Halvorsby": "Prefers Dr. Oduvale, mornings.",
        "Linnea Ostrander": "Pays with the Mastercard when it is for her daughter.",
    },
    alerts={"Delphine Okonmar": "Faints at needles", "Hollis Rainecourt": "Latex allergy", "Cosima Redfern": "Keloids: patch test first"},
    without_card=("Marguerite Sloane", "Wendell Ashgrove", "Juniper Aldanza", NEWCOMER),
    with_two_cards=("Linnea Ostrander",),
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
    crowd=68,
    scenes=(
        Scene(0, time(10), "Leonel Arrábida", "Amélia Torrado", "Peeling", Course.MISSED),
        Scene(-1, time(16, 30), "Leonel Arrábida", "Diogo Farelães", "Toxina botulínica", Course.MISSED),
    ),
    breathing_minutes=24 * 60,
)

PLANS = (JUNIPER, QUINTA)
