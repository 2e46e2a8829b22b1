"""Telephone numbers in international form (E.164)."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult


def international(text: str, *, like: str = "") -> str:
    """The number as +12125550142; one without a country's code is read as it is dialled where the number `like` is. Empty where no text
    message can reach it: too short or long, one with an extension, a fixed line."""
    try:
        region = phonenumbers.region_code_for_country_code(phonenumbers.parse(like).country_code or 0) if like else None
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return ""
    if number.extension or phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    if phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
