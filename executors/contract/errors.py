"""What the contract's writers and readers raise. Plain exceptions that carry data; services put them into words."""


class ContractError(ValueError):
    """Something the contract does not allow; `where` names the file or key, `reason` what is wrong with it."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


class ConfigError(ContractError):
    """A hyper-parameter that does not fit the image's template."""


class ManualError(ContractError):
    """An image whose /img-man is missing or makes no sense."""


class ResultError(ContractError):
    """A file in /out that is missing or cannot be understood."""


class ResultMissingError(ResultError):
    """The executor ended without writing this file."""
