"""What `manage.py COMMAND --help` says of every command of ours."""

import shlex

import pytest
from django.core.management import get_commands, load_command_class

from common.commands import ExplainedCommand
from ymir_site.tests.test_docs_complete import OUR_APPS

COMMANDS = sorted((app, name) for name, app in get_commands().items() if app in OUR_APPS)


@pytest.mark.parametrize(("app", "name"), COMMANDS)
def test_a_command_says_what_it_does_and_every_argument_what_it_is_for(app: str, name: str) -> None:
    command = load_command_class(app, name)
    parser = command.create_parser("manage.py", name)
    assert len(command.help.split()) > 5
    assert command.help.endswith(".")
    undescribed = [action.dest for action in parser._actions if not action.help]
    assert undescribed == []


@pytest.mark.parametrize(("app", "name"), COMMANDS)
def test_the_help_ends_with_an_example_that_the_command_understands(app: str, name: str) -> None:
    command = load_command_class(app, name)
    assert isinstance(command, ExplainedCommand)
    parser = command.create_parser("manage.py", name)
    assert parser.format_help().endswith(f"example:\n  manage.py {command.example}\n")
    word, *arguments = shlex.split(command.example)
    assert word == name
    parser.parse_args(arguments)
