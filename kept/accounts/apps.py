from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "kept.accounts"

    def ready(self) -> None:
        from kept.accounts import checks  # noqa: F401  registers them
        from kept.practice import sessions

        user_logged_in.connect(sessions.begin)
