"""A patient on staff's screens: `{{ patient|named }}`, `{{ patient|called }}`."""

from django import template

from kept.patients import privacy
from kept.practice.privacy import patients_look_on

register = template.Library()
register.filter(privacy.seen)
register.filter(privacy.called)
register.filter(privacy.named)
register.simple_tag(patients_look_on)
