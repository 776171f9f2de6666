"""Write docs/errors.md from the declared errors."""

from typing import Any

from django.conf import settings

from common.commands import YmirCommand
from ymir_site import error_catalogue


class Command(YmirCommand):
    help = "Write docs/errors.md from the errors that the code declares."

    example = "write_error_docs"

    def run(self, **options: Any) -> dict[str, Any]:
        page = settings.BASE_DIR / "docs" / "errors.md"
        page.write_text(error_catalogue.as_markdown())
        return {"page": str(page.relative_to(settings.BASE_DIR))}
