"""Configuration of the installation: settings from the environment, logging, the web server, code lists.

Imports nothing of ours, so that everything else may import it.
"""
