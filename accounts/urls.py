"""Signing in and out, and one's own profile."""

from django.contrib.auth import views as auth_views
from django.urls import include, path

from accounts import views
from accounts.forms import PasswordForm, SignInForm

profile_patterns = (
    [
        path("profile/", views.profile, name="profile"),
        path("profile/token/", views.renew_token, name="renew_token"),
    ],
    "accounts",
)
urlpatterns = [
    path(
        "login/",
        auth_views.LoginView.as_view(
            template_name="accounts/login.html", authentication_form=SignInForm, redirect_authenticated_user=True
        ),
        name="login",
    ),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path(
        "profile/password/",
        auth_views.PasswordChangeView.as_view(
            template_name="accounts/password.html", form_class=PasswordForm, success_url="/profile/"
        ),
        name="password_change",
    ),
    path("", include(profile_patterns)),
]
