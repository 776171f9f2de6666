"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.views import SpectacularSwaggerView

from ymir_site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("health/", views.health, name="health"),
    path("language/", views.set_language, name="set_language"),
    path("theme/", views.set_theme, name="set_theme"),
    path("", include("accounts.urls")),
    path("classes/", include("labels.urls")),
    path("projects/", include("projects.urls")),
    path("", include("executors.urls")),
    path("", include("datasets.urls")),
    path("", include("models.urls")),
    path("", include("iterations.urls")),
    path("api/v1/", include("ymir_site.api_urls")),
    path("api/v1/schema/", views.SchemaView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api_docs"),
    path("admin/", admin.site.urls),
]
admin.site.site_header = admin.site.site_title = _("YMIR administration")
handler400 = "ymir_site.views.bad_request"
handler403 = "ymir_site.views.forbidden"
handler404 = "ymir_site.views.not_found"
handler500 = "ymir_site.views.server_error"
