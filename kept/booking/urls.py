"""Addresses of the patients' pages."""

from django.urls import path

from kept.booking import answering, calendar_file, card, manage, moving, online, pay

app_name = "booking"
urlpatterns = [
    path("book/<slug:practice>/<str:clinic>/", online.page, name="online"),
    path("card/<uuid:link_id>/", card.page, name="card"),
    path("card/<uuid:link_id>/back/", card.back, name="card-back"),
    path("card/<uuid:link_id>/appointment.ics", calendar_file.page, name="calendar-file"),
    path("card/<str:token>/", card.enter, name="card-link"),
    path("manage/<uuid:link_id>/", manage.page, name="manage"),
    path("manage/<uuid:link_id>/confirm/", manage.confirm, name="manage-confirm"),
    path("manage/<uuid:link_id>/cancel/", manage.cancel, name="manage-cancel"),
    path("manage/<uuid:link_id>/time/", moving.page, name="manage-time"),
    path("manage/<uuid:link_id>/answer/", answering.answer, name="manage-answer"),
    path("manage/<str:token>/", manage.enter, name="manage-link"),
    path("pay/<uuid:link_id>/", pay.page, name="pay"),
    path("pay/<uuid:link_id>/back/", pay.back, name="pay-back"),
    path("pay/<str:token>/", pay.enter, name="pay-link"),
]
