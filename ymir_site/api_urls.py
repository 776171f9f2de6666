"""The addresses of the API; each app brings its endpoints."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
