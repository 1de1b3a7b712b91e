"""`python -m caseapp` is the command line `acogida`."""

from caseapp.cli import main

main()
