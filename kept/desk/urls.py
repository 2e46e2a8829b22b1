"""Addresses of the desk."""

from django.urls import path

from kept.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.enter, name="enter"),
    path("practice/", views.choose, name="choose"),
    path("clinic/", views.switch_clinic, name="switch-clinic"),
    path("theme/", views.theme, name="theme"),
]
