#!/usr/bin/env python3
"""Django's command line for YMIR."""

import os
import sys

from django.core.management import execute_from_command_line

from ymir_site.launcher import environment

if __name__ == "__main__":
    environment.adopt(os.environ)  # `.env`, and the private servers of `make start`
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ymir_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)  # 128 + SIGINT: asked for, so no traceback
