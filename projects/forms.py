"""Forms of projects."""

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from labels.services import split_names
from projects import services
from projects.models import Project, Role


class ClassesField(forms.CharField):
    """Class names separated by commas; cleans to a list without repetitions."""

    def clean(self, value: str) -> list[str]:
        names = split_names(super().clean(value) or "")
        return list(dict.fromkeys(names))


class ProjectForm(forms.ModelForm[Project]):
    """Name and description."""

    class Meta:
        model = Project
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def clean_name(self) -> str:
        """Return the name.

        Raises:
            ValidationError: nobody could read it.
        """
        try:
            return services.clean_name(self.cleaned_data["name"])
        except DomainError as error:
            raise forms.ValidationError(error.words()) from error


class NewProjectForm(ProjectForm):
    """A project and its first classes."""

    classes = ClassesField(
        label=_("Classes"),
        required=False,
        help_text=_("What the model is to find, separated by commas. More can be added at any time, also by imports."),
    )
    field_order = ["name", "classes", "description"]


class ClassesForm(forms.Form):
    """More classes for a project."""

    classes = ClassesField(label=_("Add classes"), help_text=_("Separate them with commas"))


class MemberForm(forms.Form):
    """A person, by user name, and a role."""

    username = forms.CharField(label=_("User name"), max_length=150)
    role = forms.TypedChoiceField(label=_("Role"), choices=Role.choices, coerce=lambda raw: Role(int(raw)))

    def clean_username(self) -> User:
        """Return the person.

        Raises:
            ValidationError: when there is none with this name.
        """
        user = User.objects.filter(username=self.cleaned_data["username"], is_active=True).first()
        if user is None:
            raise forms.ValidationError(_("Nobody has this user name."))
        return user
