"""Pages of jobs, executor images and compute."""

from django.urls import URLPattern

app_name = "executors"
urlpatterns: list[URLPattern] = []
