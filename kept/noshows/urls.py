"""Addresses of no-shows."""

from django.urls import path

from kept.noshows import deciding, views

app_name = "noshows"
urlpatterns = [
    path("appointments/no-shows/", views.no_shows, name="list"),
    path("appointments/no-shows.csv", views.no_shows_csv, name="csv"),
    path("appointments/<uuid:appointment_id>/no-show/", views.mark, name="mark"),
    path("appointments/<uuid:appointment_id>/no-show/letter/", deciding.letter, name="letter"),
    path("appointments/<uuid:appointment_id>/fee/<slug:verb>/", deciding.decide, name="fee"),
    path("appointments/<uuid:appointment_id>/outcome/", views.outcome, name="outcome"),
    path("appointments/<uuid:appointment_id>/restore/", views.restore, name="restore"),
]
