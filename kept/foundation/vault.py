"""Secrets at rest: encrypted with a key derived from KEPT_SECRET_KEY, so that a stolen dump opens no gateway account."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"vault:" + settings.SECRET_KEY.encode()).digest()))


def seal(secret: str) -> bytes:
    """The secret, encrypted and authenticated."""
    return _box().encrypt(secret.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """The secret again. Raises cryptography's InvalidToken when the key is another or the bytes were changed."""
    return _box().decrypt(bytes(sealed)).decode()
