"""Addresses of the cancellation policy."""

from django.urls import path

from kept.policies import views

app_name = "policies"
urlpatterns = [
    path("settings/cancellation-policy/", views.policy, name="policy"),
    path("settings/cancellation-policy/fees/", views.switch, name="switch"),
    path("settings/cancellation-policy/<int:number>/", views.version, name="version"),
]
