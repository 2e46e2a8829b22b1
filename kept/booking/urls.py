"""Addresses of the patients' pages."""

from django.urls import path

from kept.booking import card, pay

app_name = "booking"
urlpatterns = [
    path("card/<uuid:link_id>/", card.page, name="card"),
    path("card/<uuid:link_id>/back/", card.back, name="card-back"),
    path("card/<str:token>/", card.enter, name="card-link"),
    path("pay/<uuid:link_id>/", pay.page, name="pay"),
    path("pay/<uuid:link_id>/back/", pay.back, name="pay-back"),
    path("pay/<str:token>/", pay.enter, name="pay-link"),
]
