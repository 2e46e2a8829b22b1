"""Jobs of accounts."""

from procrastinate.contrib.django import app

from kept.accounts import inviting


@app.task(name="accounts.invite", queue="letters")
def invite(practice_id: str, member_id: str) -> None:
    inviting.send(practice_id, member_id)


@app.task(name="accounts.forgotten", queue="letters")
def forgotten(practice_id: str, member_id: str) -> None:
    inviting.send_forgotten(practice_id, member_id)
