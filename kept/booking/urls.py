"""Addresses of the patients' pages."""

from django.urls import path

from kept.booking import card

app_name = "booking"
urlpatterns = [
    path("card/<uuid:link_id>/", card.page, name="card"),
    path("card/<uuid:link_id>/back/", card.back, name="card-back"),
    path("card/<str:token>/", card.enter, name="card-link"),
]
