from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "kept.accounts"

    def ready(self) -> None:
        from kept.accounts import checks, recording  # noqa: F401  checks registers them
        from kept.practice import sessions

        user_logged_in.connect(sessions.begin)
        recording.connect()
