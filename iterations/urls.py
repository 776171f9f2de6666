"""Pages of the loop; a project's home page is one of them."""

from django.urls import path, register_converter

from iterations import views
from iterations.steps import Step


class StepConverter:
    """A step of a round in an address."""

    regex = "|".join(Step)

    def to_python(self, value: str) -> Step:
        return Step(value)

    def to_url(self, value: str) -> str:
        return str(value)


register_converter(StepConverter, "step")

app_name = "iterations"
urlpatterns = [
    path("projects/<int:pk>/", views.overview, name="overview"),
    path("projects/<int:pk>/iterations/", views.iteration_list, name="list"),
    path("projects/<int:pk>/iterations/start/", views.start, name="start"),
    path("projects/<int:pk>/loop/", views.loop_settings, name="settings"),
    path("iterations/<int:pk>/", views.detail, name="detail"),
    path("iterations/<int:pk>/rows/", views.rows, name="rows"),
    path("iterations/<int:pk>/automatic/", views.set_automatic, name="set_automatic"),
    path("iterations/<int:pk>/<step:kind>/start/", views.start_step, name="start_step"),
    path("iterations/<int:pk>/<step:kind>/skip/", views.skip_step, name="skip_step"),
    path("iterations/<int:pk>/<step:kind>/attach/", views.attach, name="attach"),
]
