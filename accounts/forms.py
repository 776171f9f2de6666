"""Forms of signing in and of the profile."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User


class SignInForm(AuthenticationForm):
    """Name and password."""


class PasswordForm(PasswordChangeForm):
    """The old password and the new one, twice."""


class ProfileForm(forms.ModelForm[User]):
    """What a person may change about themselves."""

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]
