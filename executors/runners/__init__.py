"""What starts an executor and watches it: containers, or processes on the host. Knows no framework."""
