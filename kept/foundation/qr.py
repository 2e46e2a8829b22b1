"""QR codes as inline drawings: dark on light in both themes, since cameras want it so."""

import io

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

DARK, LIGHT = "#231d18", "#fffefb"


def drawing(text: str) -> str:
    """The text as a QR code in SVG. It is drawn out of the modules alone: nothing of the text reaches the markup."""
    drawn = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(drawn, kind="svg", xmldecl=False, omitsize=True, nl=False, svgclass=None, dark=DARK, light=LIGHT, border=3)
    return drawn.getvalue().decode()


def qr_svg(text: str, label: str) -> SafeString:
    """The same for a page, saying what it is."""
    return format_html('<span class="qr" role="img" aria-label="{}">{}</span>', label, mark_safe(drawing(text)))  # noqa: S308
