"""Addresses of the patients' pages."""

from django.urls import path

from kept.booking import calendar_file, card, online, pay

app_name = "booking"
urlpatterns = [
    path("book/<slug:practice>/<str:clinic>/", online.page, name="online"),
    path("card/<uuid:link_id>/", card.page, name="card"),
    path("card/<uuid:link_id>/back/", card.back, name="card-back"),
    path("card/<uuid:link_id>/appointment.ics", calendar_file.page, name="calendar-file"),
    path("card/<str:token>/", card.enter, name="card-link"),
    path("pay/<uuid:link_id>/", pay.page, name="pay"),
    path("pay/<uuid:link_id>/back/", pay.back, name="pay-back"),
    path("pay/<str:token>/", pay.enter, name="pay-link"),
]
