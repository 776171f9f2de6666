"""The executor contract, from the platform's side: what lies in /in and how /out is read. Knows no framework."""
