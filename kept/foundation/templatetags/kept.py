"""The tags and filters of every page: icons, chips, money, and times in a clinic's zone."""

from datetime import datetime, tzinfo
from functools import cache

from django import template
from django.forms import BoundField
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django_vite.core.asset_loader import DjangoViteAssetLoader

from kept.foundation.dates import clock_span, clock_time, full_date, moment, month_day, short_day, zone_letters
from kept.foundation.money import Money
from kept.foundation.status_looks import FEE_LOOKS, INVOICE_LOOKS, STATUS_LOOKS, Look

register = template.Library()


@cache
def icons_url() -> str:
    """The sprite's address, for calendar.js too."""
    return str(DjangoViteAssetLoader.instance().generate_vite_asset_url("icons.svg"))


@register.simple_tag
def icon(name: str, cls: str = "size-4", label: str = "") -> SafeString:
    """A drawing of the sprite. With a label it speaks; without one, words beside it do."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="icon {}" {}><use href="{}#{}"></use></svg>', cls, spoken, icons_url(), name)


def chip(key: str, look: Look, amount: Money | str = "", label: str = "") -> SafeString:
    return format_html(
        '<span class="chip st-{}{}" data-status="{}">{}{}{}</span>',
        look.tone,
        " chip-dash" if look.dashed else "",
        key,
        icon(look.icon, "size-3.5"),
        label or look.label,
        format_html(" <span>{}</span>", amount) if amount else "",
    )


@register.simple_tag
def status(display: str) -> SafeString:
    """An appointment's `display` as a chip."""
    return chip(display, STATUS_LOOKS[display])


@register.simple_tag
def fee(state: str, amount: Money | str = "", label: str = "") -> SafeString:
    """A `fee.state` as a chip, `no_card` and `link_sent` included; `label` for "Charges 6:00 PM"."""
    return chip(state, FEE_LOOKS[state], amount, label)


@register.simple_tag
def invoice_status(status: str) -> SafeString:
    """An invoice's status as a chip, `part_refunded` and `refunded` included."""
    return chip(status, INVOICE_LOOKS[status])


@register.simple_tag
def av(initials: str, size: str = "size-7 text-2xs") -> SafeString:
    """A face of initials, without colour: colour means status only. The name stands beside it."""
    return format_html('<span class="av {}" aria-hidden="true">{}</span>', size, initials)


@register.simple_tag
def key(keys: str) -> SafeString:
    """The hint of one key, or of several after each other: "g n"."""
    return format_html_join(" ", '<kbd class="kkey">{}</kbd>', ((each.upper(),) for each in keys.split()))


WIDGET_CLASSES = {
    "select": "select w-full",
    "textarea": "textarea w-full",
    "checkbox": "checkbox checkbox-primary checkbox-sm mt-px",
}


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """A form's field in our clothes."""
    return field.as_widget(attrs={"class": WIDGET_CLASSES.get(field.widget_type, "input w-full")})


@register.filter
def money(value: Money | None) -> str:
    """$75.00"""
    return "" if value is None else str(value)


register.simple_tag(clock_span, name="span")
register.simple_tag(moment)
register.filter("clock", clock_time)
register.filter("zone", zone_letters)
register.filter("day", short_day)
register.filter("monthday", month_day)
register.filter("fulldate", full_date)


@register.simple_tag
def when(at: datetime, zone: tzinfo, now: datetime | None = None) -> SafeString:
    """A past moment, as near as it needs: "Today, 11:15 AM", "Oct 13, 11:00 AM", "Oct 13, 2025, 11:00 AM".

    Without `now` the year is always said."""
    there = at.astimezone(zone)
    here = now.astimezone(zone) if now else None
    if here and there.date() == here.date():
        text = _("Today, %s") % clock_time(at, zone)
    else:
        text = date_format(there, "M j, g:i A" if here and there.year == here.year else "M j, Y, g:i A")
    return format_html('<time datetime="{}">{}</time>', there.isoformat(timespec="minutes"), text)
