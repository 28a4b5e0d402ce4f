"""The smallest page that Flask serves: what the other figures are held against."""

from flask import Flask


def create_app() -> Flask:
    """One page of one sentence."""
    app = Flask(__name__)

    @app.get("/")
    def home() -> str:
        return "<!doctype html><title>Bare</title><p>A page.</p>"

    return app
