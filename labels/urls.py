"""Pages of the class vocabulary."""

from django.urls import path

from labels import views

app_name = "labels"
urlpatterns = [
    path("", views.class_list, name="list"),
    path("add/", views.add, name="add"),
    path("<int:pk>/aliases/", views.aliases, name="aliases"),
]
