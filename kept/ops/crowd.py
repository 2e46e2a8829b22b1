"""The many other patients of the sample: made from lists, the same each time. Everybody is invented."""

from datetime import date, timedelta
from random import Random

from kept.ops.people import NEWCOMER
from kept.ops.plans import Person, PracticePlan, email_of

FIRST = (
    "Adela Agnes Alma Ambrose Anouk Arlo Astrid Aubrey Benedict Bettina Blythe Briony Calliope Camille Cato Cecily Clara Conrad Corin "
    "Daphne Delia Dorian Edith Elias Elodie Ember Enid Evander Faye Felix Fern Flora Gaspard Gwendolyn Hadley Harriet Hazel Helene Hugo "
    "Imogen Ingrid Iris Jasper Josephine Julian Kit Lavinia Leona Lorcan Lucasta Magnus Maren Mathilda Mirabel Niall Octavia Oriel Olive "
    "Oscar Ottoline Pascal Petronella Phoebe Quilla Rafferty Rhoda Roland Romilly Rowan Sabine Selma Seraphine Simeon Tabitha Tamsin "
    "Theodora Tristan Una Valentine Vivian Wilhelmina Wren Xanthe Yvette Zora"
)
LAST = (
    "Abernash Alderlock Amberlyn Ashdown Barrowby Bellweather Birchall-Ode Blackmere Brackenridge Briarcliffe Calderwick Castonby "
    "Cheverell Coldwell Corriveau Dalloway-Finn Darrowmere Dovetale Eastlake Ellerby Fairweather Falconbridge Farnborough Fenwright "
    "Fernsby Foxglade Garrowmead Glanville-Roe Greyhaven Halloran-Vey Harrowgate Hawksworth Hazeldine Hollingrave Inglewood Jessamy "
    "Kettleborne Kingsmere Lachlan-Moss Larkspur Lindenhall Lockmere Marlowick Mayhew-Strand Merriweth Millbrook Nettlefield Nightingrove "
    "Northolt Oakhollow Oldacre Orchard-Lee Pembroke-Ash Prestcott Quillfeather Ravensmoor Redmayne Ridgewell Rookhaven Sandringley "
    "Selwyn-Park Silverthorn Stanbridge Stonehurst Summerlin Thackerby Thistlewood Tidewell Trelawn Underhill-May Valmont Wainscott "
    "Waverleigh Westmarch Whitlock-Day Wildersham Windermott Wolverly Wrexholm Yardleigh Yewdale"
)
FIRST_THERE = (
    "Adelino Albertina Alexandrina Amadeu Anabela Aníbal Aurora Basílio Belmira Caetana Celestino Clotilde Custódio Dália Delfim Dulce "
    "Edmundo Elvira Ermelinda Fausto Felismina Gaspar Genoveva Gonçalo Hermínia Inácio Iolanda Jacinto Judite Laurinda Leopoldina Marcolino"
)
LAST_THERE = (
    "Abrunheiro Alvorada Barquinha Boavista-Leal Caldeirinha Campanário Carrasqueira Cerejal Espadilha Estrelado Figueirinha Fontelas "
    "Gaivotas Giestal Juncal Laranjeiro Marmeleiro Moinho-Velho Oliveirinha Pinhalinho Ramalhal Rosmaninho Salgadinho Serralva "
    "Sobreirinho Tojalinho Urzal Valedouro Vidigueirinha"
)
NAMES = {"juniper": (FIRST, LAST, "(555) 010"), "quinta": (FIRST_THERE, LAST_THERE, "(555) 018")}

# Entered twice by mistake: after how many others, name, address, and the end of the number. Each pair shares one of the three.
TWICE = {
    "juniper": {
        20: ("Catharine", "Ellerwood", "catharine.ellerwood@example.com", 900),
        21: ("Jonathan", "Mossgrave", "jonathan.mossgrave@example.com", 901),
        22: ("Marianne", "Oakeshott", "marianne.oakeshott@example.com", 902),
        200: ("Katherine", "Ellerwood", "", 900),
        210: ("Jon", "Mossgrave", "jonathan.mossgrave@example.com", 903),
        220: ("Marianne", "Oakeshott", "", 904),
    }
}
ALERTS = {3: "Latex allergy", 40: "Faints at needles", 77: "Lidocaine: ask first", 131: "Hard of hearing, please text", 250: "Pregnant"}
KNOWN_BIRTHS = 0.85
OLDEST, YOUNGEST = date(1948, 1, 1), date(2006, 1, 1)
WITHOUT_ADDRESS = 13  # one of so many gave no e-mail
GROWTH = timedelta(days=199)  # over which they were added
HOURS_AGO = timedelta(days=200) - timedelta(hours=3)


def crowd(plan: PracticePlan) -> list[Person]:
    """The practice's patients beside the named ones, in the order in which they were added: all but the newcomer of today evenly."""
    given_names, family_names, exchange = NAMES[plan.slug]
    first, last = given_names.split(), family_names.split()
    twice = TWICE.get(plan.slug, {})
    found = []
    for place in range(plan.crowd - (NEWCOMER in plan.without_card)):
        given, family = first[place % len(first)], last[3 * place % len(last)]
        address = "" if place % WITHOUT_ADDRESS == WITHOUT_ADDRESS - 1 else email_of(f"{given} {family}")
        given, family, address, number = twice.get(place, (given, family, address, 100 + place))
        added_after = timedelta(minutes=GROWTH // timedelta(minutes=1) * (place + 1) // plan.crowd)
        born, alert = _born(f"{given} {family}"), ALERTS.get(place, "") if twice else ""
        found.append(Person(given, family, address, f"{exchange}-0{number}", added_after, born, alert))
    if NEWCOMER in plan.without_card:
        given, _, family = NEWCOMER.partition(" ")
        found.append(Person(given, family, email_of(NEWCOMER), f"{exchange}-0{99 + plan.crowd}", HOURS_AGO))
    return found


def _born(name: str) -> date | None:
    """The same for those who were entered twice under one name; some never said."""
    chance = Random(name)
    return OLDEST + timedelta(days=chance.randrange((YOUNGEST - OLDEST).days)) if chance.random() < KNOWN_BIRTHS else None
