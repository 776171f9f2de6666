"""What a run leaves behind that cannot be used, in words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from executors.contract.errors import ResultError, ResultMissingError
from models.weights.package import PackageError


class NoResult(DomainError):
    """The image ended well but did not write what it is to write."""

    id = "models.no_result"
    status = 502
    message = _("The executor ended without writing {file}.")
    hint = _("The log says what it did instead. If the image is yours, compare it with the contract.")


class BadResult(DomainError):
    """What the image wrote cannot be understood."""

    id = "models.bad_result"
    status = 502
    message = _("{file} cannot be used: {reason}.")
    hint = _("If the image is yours, compare the file with the contract.")


@contextmanager
def in_words() -> Iterator[None]:
    """Turn the readers' exceptions into refusals.

    Raises:
        NoResult, BadResult
    """
    try:
        yield
    except ResultMissingError as error:
        raise NoResult(file=error.where) from error
    except ResultError as error:
        raise BadResult(file=error.where, reason=error.reason) from error
    except PackageError as error:
        raise BadResult(file="models/result.yaml", reason=str(error)) from error
