"""The tenant: a practice, its clinics, people and offer; who may sign in; keys of the API."""

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.functional import cached_property
from django.utils.text import slugify

from kept.foundation import clock
from kept.foundation.history import remembered
from kept.foundation.ids import new_id
from kept.foundation.models import OfPractice, code, within
from kept.foundation.money import Money
from kept.foundation.walls import PlainSql, walls
from kept.practice.rules import Right, Role, may, refusal_of

PRACTICE_WALL = """alter table %(table)s enable row level security;
create policy practice_seen on %(table)s for select using (true);
create policy practice_added on %(table)s for insert with check (id = current_setting('app.practice')::uuid);
create policy practice_kept on %(table)s for update using (id = current_setting('app.practice')::uuid);
revoke delete on %(table)s from kept_app"""

CALENDAR_STEPS = [5, 10, 15, 20, 30, 60]
MOST_LEAD = 30 * 24 * 60  # minutes
MOST_HORIZON = 730  # days
MOST_CARD_HOURS = 14 * 24
MOST_IDLE = 60  # minutes

OWN_SEATS = """create policy member_own_seats on %(table)s
for select using (user_id = nullif(current_setting('app.user', true), '')::bigint)"""


class Practice(models.Model):
    """The business. Its name and address are public; all it has lies behind its wall."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            PlainSql(
                name="practice_wall",
                create=PRACTICE_WALL,
                drop="".join(f"drop policy practice_{policy} on %(table)s;" for policy in ("seen", "added", "kept")),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def settings(self) -> "Settings":
        return Settings.objects.get(practice=self)


@remembered("Settings")
class Settings(OfPractice):
    """What a practice decides for itself. Money in minor units of `currency`, times in minutes.

    `when_filled`: what becomes of a no-show's fee when its time is booked again (R7c). `fee_choice` is what the no-show dialog has chosen
    in advance: nothing unless the practice says so. `without_card`: what becomes of a visit whose card was not given within
    `card_within_hours` of being asked for, though not later than `card_before_hours` before the start. The calendar shows the clinic's
    hours unless `calendar_from` and `calendar_to` say others.
    """

    class FeeChoice(models.TextChoices):
        NONE = "", "Nothing"
        CHARGE = "charge", "Charge the fee"
        SPARE = "spare", "Don’t charge"

    class WhenFilled(models.TextChoices):
        NOTHING = "nothing", "Do nothing"
        PROPOSE = "propose", "Propose to spare the fee"
        SPARE = "spare", "Spare the fee by itself"

    class WithoutCard(models.TextChoices):
        CALL = "call", "It stays booked and goes on the call list"
        RELEASE = "release", "Its time is given free by itself"

    currency = code(max_length=3)
    breathing_space_minutes = models.PositiveIntegerField(default=0)
    decide_days = models.PositiveIntegerField(default=30)
    fee_choice = code(choices=FeeChoice.choices, blank=True, default=FeeChoice.NONE)
    when_filled = code(choices=WhenFilled.choices, default=WhenFilled.PROPOSE)
    tell_patients = models.BooleanField(default=True)
    text_from = code(blank=True)  # the number from which text messages go; none goes without
    front_desk_refund_limit_minor = models.PositiveIntegerField(default=0)
    front_desk_may_double_book = models.BooleanField(default=False)
    calendar_ghosts = models.BooleanField(default=False)
    calendar_step_minutes = models.PositiveSmallIntegerField(default=15)
    calendar_from = models.TimeField(null=True, blank=True)
    calendar_to = models.TimeField(null=True, blank=True)
    online_lead_minutes = models.PositiveIntegerField(default=120)
    online_horizon_days = models.PositiveSmallIntegerField(default=90)
    online_step_minutes = models.PositiveSmallIntegerField(default=15)
    online_sites = models.JSONField(default=list, blank=True)  # on whose pages the booking page may be shown
    online_closed = models.CharField(max_length=300, blank=True)  # what it says of a clinic that is not booked online
    getting_started_hidden = models.BooleanField(default=False)
    card_within_hours = models.PositiveSmallIntegerField(default=24)
    card_before_hours = models.PositiveSmallIntegerField(default=4)
    without_card = code(choices=WithoutCard.choices, default=WithoutCard.CALL)
    idle_minutes = models.PositiveSmallIntegerField(default=15)
    second_step_for_all = models.BooleanField(default=False)

    class Meta:
        constraints = [
            *walls("practice_settings"),
            models.CheckConstraint(name="settings_idle", condition=models.Q(idle_minutes__gte=1, idle_minutes__lte=MOST_IDLE)),
            models.UniqueConstraint(fields=["practice"], name="settings_once"),
            models.CheckConstraint(name="settings_breathing_space_a_day", condition=models.Q(breathing_space_minutes__lte=24 * 60)),
            models.CheckConstraint(name="settings_calendar_steps", condition=models.Q(calendar_step_minutes__in=CALENDAR_STEPS)),
            models.CheckConstraint(name="settings_online_steps", condition=models.Q(online_step_minutes__in=CALENDAR_STEPS)),
            models.CheckConstraint(name="settings_online_lead", condition=models.Q(online_lead_minutes__lte=MOST_LEAD)),
            models.CheckConstraint(
                name="settings_online_horizon", condition=models.Q(online_horizon_days__gte=1, online_horizon_days__lte=MOST_HORIZON)
            ),
            models.CheckConstraint(
                name="settings_card_hours",
                condition=models.Q(
                    card_within_hours__gte=1, card_within_hours__lte=MOST_CARD_HOURS, card_before_hours__lte=MOST_CARD_HOURS
                ),
            ),
            models.CheckConstraint(
                name="settings_calendar_hours",
                condition=models.Q(calendar_from=None, calendar_to=None) | models.Q(calendar_from__lt=models.F("calendar_to")),
            ),
        ]

    @property
    def front_desk_refund_limit(self) -> Money:
        return Money(self.front_desk_refund_limit_minor, self.currency)

    @property
    def breathing_space(self) -> timedelta:
        return timedelta(minutes=self.breathing_space_minutes)

    @property
    def online_lead(self) -> timedelta:
        return timedelta(minutes=self.online_lead_minutes)

    @property
    def card_within(self) -> timedelta:
        return timedelta(hours=self.card_within_hours)

    @property
    def card_before(self) -> timedelta:
        return timedelta(hours=self.card_before_hours)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None) -> "User":
        user = self.model(email=self.normalize_email(email).lower())
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """Somebody who signs in, by e-mail. What they may do is said by their seats (`Member`) in practices."""

    email = models.EmailField(unique=True)
    theme = code(max_length=10, blank=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    is_active = models.BooleanField(default=True)
    pin = models.CharField(max_length=128, blank=True, editable=False)  # hashed; unlocks a screen, signs nobody in

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = EMAIL_FIELD = "email"


@remembered("Member")
class Member(OfPractice):
    """A user's seat in a practice: a role, for all clinics or for some. A provider's seat names the provider she is."""

    user = models.ForeignKey(User, models.PROTECT, related_name="seats")
    name = models.CharField(max_length=120)
    role = code(choices=Role.choices)
    provider = within("practice.Provider", null=True, blank=True)
    clinics: "models.ManyToManyField[Clinic, MemberClinic]" = models.ManyToManyField("practice.Clinic", through="practice.MemberClinic")
    active = models.BooleanField(default=True)
    invited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *walls("practice_member", provider="practice_provider"),
            models.UniqueConstraint(fields=["practice", "user"], name="member_once"),
            PlainSql(name="member_own_seats", create=OWN_SEATS, drop="drop policy member_own_seats on %(table)s"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        return initials(self.name)

    @cached_property
    def clinic_limits(self) -> set[Any]:
        """Ids of the clinics she is limited to; empty: works in all."""
        return set(self.limits.values_list("clinic_id", flat=True))

    @cached_property
    def given_clinics(self) -> list["Clinic"]:
        """The clinics she was given, by name: all that are open, or those she is limited to (R24)."""
        found = Clinic.objects.filter(practice=self.practice_id, active=True).order_by("name", "id")
        return [clinic for clinic in found if not self.clinic_limits or clinic.pk in self.clinic_limits]

    def may(self, right: Right, subject: Any = None) -> bool:
        """Whether the role has the right, over that appointment, invoice or clinic where one is given."""
        return may(self, right, subject)

    def must(self, right: Right, subject: Any = None) -> None:
        """Raises Refusal `not_permitted` where `may` says no."""
        if not self.may(right, subject):
            raise refusal_of(self, right)


class MemberClinic(OfPractice):
    """A clinic to which a member is limited. A member without any works in all of them."""

    member = within("practice.Member", related_name="limits")
    clinic = within("practice.Clinic")

    class Meta:
        constraints = [
            *walls("practice_memberclinic", member="practice_member", clinic="practice_clinic"),
            models.UniqueConstraint(fields=["practice", "member", "clinic"], name="member_clinic_once"),
        ]


@remembered("Clinic")
class Clinic(OfPractice):
    """One location. Its IANA zone says what day it is and what the clocks show.

    `opens_at` and `closes_at` are the earliest and the latest of its week; without a week (`OpeningHours`) it is open every day between
    them. `online`: patients may book here by themselves.
    """

    name = models.CharField(max_length=120)
    zone_name = models.CharField(max_length=60)
    currency = code(max_length=3)
    address = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    opens_at = models.TimeField(default=time(9))
    closes_at = models.TimeField(default=time(18))
    online = models.BooleanField(default=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            *walls("practice_clinic"),
            models.UniqueConstraint(fields=["practice", "name"], name="clinic_name_once"),
            models.CheckConstraint(name="clinic_opens_before_it_closes", condition=models.Q(opens_at__lt=models.F("closes_at"))),
        ]

    @property
    def place(self) -> str:
        """How its public address calls it: by its name, by its id where the name has no letters for it."""
        return slugify(self.name) or str(self.pk)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)

    def local_date(self, at: datetime) -> date:
        return clock.local_date(at, self.zone)

    def hours(self, on: date) -> tuple[datetime, datetime]:
        """The bounds of its week on a local day, as instants."""
        return clock.between(on, self.opens_at, self.closes_at, self.zone)


@remembered("OpeningHours")
class OpeningHours(OfPractice):
    """When a clinic is open, in its wall time: on a weekday (Monday is 0), between two of which lies a break; or on one date instead of
    its weekday's, without hours if it is closed then. `why`: a holiday's name."""

    clinic = within("practice.Clinic", related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(null=True)
    on = models.DateField(null=True)
    opens_at = models.TimeField(null=True)
    closes_at = models.TimeField(null=True)
    why = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            *walls("practice_openinghours", clinic="practice_clinic"),
            models.UniqueConstraint(fields=["practice", "clinic", "weekday", "opens_at"], name="openinghours_weekday_once"),
            models.UniqueConstraint(fields=["practice", "clinic", "on"], name="openinghours_date_once"),
            models.CheckConstraint(
                name="openinghours_of_a_weekday_or_a_date",
                condition=models.Q(weekday__lte=6, on=None, opens_at__isnull=False) | models.Q(weekday=None, on__isnull=False),
            ),
            models.CheckConstraint(
                name="openinghours_opens_before_it_closes",
                condition=models.Q(opens_at__lt=models.F("closes_at")) | models.Q(opens_at=None, closes_at=None),
            ),
        ]


@remembered("Resource")
class Resource(OfPractice):
    """What time is claimed of: a provider, or a room or device of one clinic."""

    class Kind(models.TextChoices):
        PROVIDER = "provider"
        ROOM = "room"
        DEVICE = "device"

    kind = code(choices=Kind.choices)
    name = models.CharField(max_length=120)
    clinic = within("practice.Clinic", null=True, blank=True, related_name="resources")
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            *walls("practice_resource", clinic="practice_clinic"),
            models.UniqueConstraint(fields=["practice", "clinic", "name"], name="resource_name_once"),
            models.CheckConstraint(
                name="resource_has_its_clinic",
                condition=models.Q(kind="provider", clinic=None) | ~models.Q(kind="provider") & models.Q(clinic__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


@remembered("Provider")
class Provider(OfPractice):
    """A bookable person. `title` is a qualification, as in "NP"."""

    name = models.CharField(max_length=120)
    title = models.CharField(max_length=40, blank=True)
    resource = within("practice.Resource", related_name="providers")
    clinics: "models.ManyToManyField[Clinic, ProviderClinic]" = models.ManyToManyField(Clinic, through="practice.ProviderClinic")
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            *walls("practice_provider", resource="practice_resource"),
            models.UniqueConstraint(fields=["practice", "resource"], name="provider_resource_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        return initials(self.name)


class ProviderClinic(OfPractice):
    """A provider works at a clinic."""

    provider = within("practice.Provider", related_name="places")
    clinic = within("practice.Clinic", related_name="places")

    class Meta:
        constraints = [
            *walls("practice_providerclinic", provider="practice_provider", clinic="practice_clinic"),
            models.UniqueConstraint(fields=["practice", "provider", "clinic"], name="provider_clinic_once"),
        ]


@remembered("Schedule")
class Schedule(OfPractice):
    """Weekly hours of a provider at a clinic, in the clinic's wall time; a break is the gap between two. Monday is 0."""

    provider = within("practice.Provider", related_name="schedules")
    clinic = within("practice.Clinic", related_name="schedules")
    weekday = models.PositiveSmallIntegerField()
    opens_at = models.TimeField()
    closes_at = models.TimeField()

    class Meta:
        constraints = [
            *walls("practice_schedule", provider="practice_provider", clinic="practice_clinic"),
            models.UniqueConstraint(fields=["practice", "provider", "clinic", "weekday", "opens_at"], name="schedule_once"),
            models.CheckConstraint(name="schedule_weekday", condition=models.Q(weekday__lte=6)),
            models.CheckConstraint(name="schedule_opens_before_it_closes", condition=models.Q(opens_at__lt=models.F("closes_at"))),
        ]


@remembered("ScheduleException")
class ScheduleException(OfPractice):
    """A provider's days that differ from her week, first and last included, in the wall time of each clinic: hours she works beside those
    of her week or instead of them, at one clinic; or time off, all day where no hours are said, at one clinic or at all."""

    class Kind(models.TextChoices):
        OFF = "off", "Off"
        EXTRA = "extra", "Extra hours"
        OTHER = "other", "Other hours"

    provider = within("practice.Provider", related_name="exceptions")
    clinic = within("practice.Clinic", null=True, blank=True)
    kind = code(choices=Kind.choices)
    first_on = models.DateField()
    last_on = models.DateField()
    opens_at = models.TimeField(null=True)
    closes_at = models.TimeField(null=True)
    why = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            *walls("practice_scheduleexception", provider="practice_provider", clinic="practice_clinic"),
            models.CheckConstraint(name="scheduleexception_ends_after_it_begins", condition=models.Q(first_on__lte=models.F("last_on"))),
            models.CheckConstraint(
                name="scheduleexception_opens_before_it_closes",
                condition=models.Q(opens_at__lt=models.F("closes_at")) | models.Q(opens_at=None, closes_at=None),
            ),
            models.CheckConstraint(
                name="scheduleexception_work_says_where_and_when",
                condition=models.Q(kind="off") | models.Q(clinic__isnull=False, opens_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["practice", "provider", "last_on"], name="scheduleexception_of_provider")]

    def __str__(self) -> str:
        return str(self.why or self.get_kind_display())


@remembered("Service")
class Service(OfPractice):
    """What is booked. Duration and buffers in minutes; a buffer is busy time without the patient. `zones`: how many areas it treats;
    `online`: patients may book it by themselves."""

    name = models.CharField(max_length=120)
    category = models.CharField(max_length=60, blank=True)
    minutes = models.PositiveIntegerField()
    zones = models.PositiveSmallIntegerField(default=1)
    buffer_before = models.PositiveIntegerField(default=0)
    buffer_after = models.PositiveIntegerField(default=0)
    price_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
    online = models.BooleanField(default=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            *walls("practice_service"),
            models.UniqueConstraint(fields=["practice", "name"], name="service_name_once"),
            models.CheckConstraint(name="service_takes_time", condition=models.Q(minutes__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class ServiceProvider(OfPractice):
    """A provider performs a service. A service without any is performed by everybody."""

    service = within("practice.Service", related_name="performers")
    provider = within("practice.Provider", related_name="performs")

    class Meta:
        constraints = [
            *walls("practice_serviceprovider", service="practice_service", provider="practice_provider"),
            models.UniqueConstraint(fields=["practice", "service", "provider"], name="service_provider_once"),
        ]


class ServiceResource(OfPractice):
    """A room or device in which a service can be done. Of each kind that it lists, one at the clinic is taken with the visit."""

    service = within("practice.Service", related_name="resources")
    resource = within("practice.Resource", related_name="services")

    class Meta:
        constraints = [
            *walls("practice_serviceresource", service="practice_service", resource="practice_resource"),
            models.UniqueConstraint(fields=["practice", "service", "resource"], name="service_resource_once"),
        ]


class Counter(OfPractice):
    """The last number given out under a name: gapless, since its row is locked until the number's transaction commits."""

    name = code()
    value = models.PositiveBigIntegerField()

    class Meta:
        constraints = [*walls("practice_counter"), models.UniqueConstraint(fields=["practice", "name"], name="counter_once")]


@remembered("ApiKey")
class ApiKey(OfPractice):
    """A bearer token of the API, of which only the hash is kept. It acts as its member, narrowed to its scopes."""

    member = within("practice.Member")
    name = models.CharField(max_length=120)
    secret_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            *walls("practice_apikey", member="practice_member"),
            models.UniqueConstraint(fields=["practice", "secret_hash"], name="apikey_secret_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def works(self, at: datetime) -> bool:
        """Whether it opens the door: neither revoked nor expired, and its member still has her seat."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at) and self.member.active


class KeyUse(OfPractice):
    """When a token was last used, to a minute, and from which address. Apart from its key, so that history is not written for each call."""

    key = within("practice.ApiKey", related_name="uses")
    at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)

    class Meta:
        constraints = [
            *walls("practice_keyuse", key="practice_apikey"),
            models.UniqueConstraint(fields=["practice", "key"], name="keyuse_once"),
        ]


class Idempotency(OfPractice):
    """An answer kept for 24 hours, so that a repeated POST with the same key is not a second act."""

    key_id = models.UUIDField()
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("practice_idempotency"),
            models.UniqueConstraint(fields=["practice", "key_id", "key"], name="idempotency_once"),
        ]


class Tries(OfPractice):
    """How often a stranger tried something, in a span of time that ends `until`. `key` is a hash of what and who."""

    key = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("practice_tries"),
            models.UniqueConstraint(fields=["practice", "key"], name="tries_once"),
        ]


@remembered("GatewayAccount")
class GatewayAccount(OfPractice):
    """The practice's own account at the payment gateway. Keys are encrypted; `vault` in foundation reads them.

    `wanted_key` was typed and is being checked; the one in use stays until the gateway has taken it. Of webhook secrets the one before
    counts until `old_webhook_until`. What the gateway says of the account is as of `checked_at`; `trouble` why it could not be checked.
    """

    secret_key_box = models.BinaryField(null=True)
    wanted_key_box = models.BinaryField(null=True)
    key_ending = code(max_length=4, blank=True)
    webhook_secret_box = models.BinaryField(null=True)
    old_webhook_secret_box = models.BinaryField(null=True)
    old_webhook_until = models.DateTimeField(null=True)
    account_id = code(max_length=80, blank=True)
    account_name = models.CharField(max_length=200, blank=True)
    country = code(max_length=2, blank=True)
    currency = code(max_length=3, blank=True)
    livemode = models.BooleanField(default=False)
    charges_on = models.BooleanField(default=False)
    asked_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [*walls("practice_gatewayaccount"), models.UniqueConstraint(fields=["practice"], name="gateway_account_once")]

    @property
    def being_checked(self) -> bool:
        return self.asked_at is not None and (self.checked_at is None or self.checked_at < self.asked_at)


def initials(name: str) -> str:
    """Of a person's name, without a doctor's title: "Dr. Imani Oduvale" is IO."""
    words = [word for word in name.split() if not word.endswith(".")]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
