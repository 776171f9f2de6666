#!/bin/sh
# An executor that does what the contract asks at once, and learns nothing.
exec python "$(dirname "$0")/obedient.py"
