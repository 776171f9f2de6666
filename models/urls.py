"""Pages of models, predictions and evaluations."""

from django.urls import URLPattern

app_name = "models"
urlpatterns: list[URLPattern] = []
