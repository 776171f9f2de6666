"""The composition root as an app: it owns the commands that span every other app."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "ymir_site"
    verbose_name = "YMIR"
