"""Pages of projects; a project's home page belongs to the loop (`iterations:overview`)."""

from django.urls import path

from projects import views

app_name = "projects"
urlpatterns = [
    path("", views.project_list, name="list"),
    path("new/", views.create, name="create"),
    path("<int:pk>/settings/", views.settings, name="settings"),
    path("<int:pk>/classes/", views.add_classes, name="add_classes"),
    path("<int:pk>/members/", views.set_member, name="set_member"),
    path("<int:pk>/members/<int:user_pk>/remove/", views.remove_member, name="remove_member"),
    path("<int:pk>/hide/", views.hide, name="hide"),
    path("<int:pk>/restore/", views.restore, name="restore"),
]
