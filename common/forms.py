"""What the forms of several apps have in common."""

import uuid

from django import forms

from common.errors import DomainError


class OnceForm(forms.Form):
    """A form that asks for a job once, however often its button is pressed: its token becomes the dedupe key."""

    token = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    @property
    def dedupe_key(self) -> str:
        """The key, after `is_valid()`; "" where no token was sent."""
        token = self.cleaned_data.get("token")
        return f"form:{token}" if token else ""

    def refuse(self, error: DomainError) -> None:
        """Show a service's refusal at the field it is about."""
        self.add_error(error.field if error.field in self.fields else None, error.words())


def show_only(form: forms.BaseForm) -> None:
    """Show a form to people who may not change what it holds."""
    for field in form.fields.values():
        field.disabled = True
