"""Models behind an OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, OpenAI and others."""

from silicus.models.server.budget import Budget, Price
from silicus.models.server.model import ServerModel, load_server
from silicus.models.server.pace import Pace
from silicus.models.server.settings import Scoring, ServerSettings

__all__ = ["Budget", "Pace", "Price", "Scoring", "ServerModel", "ServerSettings", "load_server"]
