"""A model that writes, from what the options say."""

from __future__ import annotations

from silicus.errors import InputError, did_you_mean
from silicus.models import Model
from silicus.models.embedder import load_embedder
from silicus.models.writing import Writer, Writing
from silicus.options import AnswerOptions
from silicus.simulate import AskingProtocol, Distribution, Plan, Reason, Similarity, WrittenModel, read_anchors
from silicus.workflow.progress import waiting

__all__ = ["as_written", "protocol_of"]


def protocol_of(options: AnswerOptions, plan: Plan) -> AskingProtocol | None:
    """Return the protocol in which the model is to write, `None` where its probabilities are asked for.

    Raises:
        InputError: statements are given for a question that is not asked, or options contradict each other.
        MissingExtraError: texts are to be compared, and what compares them is not installed.
    """
    if options.protocol == "direct":
        return None
    if options.protocol == "reason":
        return Reason()
    if options.protocol == "distribution":
        return Distribution(options.text_tokens)
    if options.orders > 1:
        raise InputError(
            f"found --orders {options.orders} with --protocol similarity, which shows no options. Leave one out."
        )
    anchors = None if options.anchors is None else read_anchors(options.anchors)
    asked = {item.question for item in plan.items}
    stray = next((question for question in anchors.questions if question not in asked), None) if anchors else None
    if stray is not None:
        raise InputError(f"{options.anchors}: unknown question '{stray}'.{did_you_mean(stray, asked)}")
    with waiting("loading the sentence embedder"):
        return Similarity(load_embedder(), anchors)


def as_written(model: Model, protocol: AskingProtocol, options: AnswerOptions) -> WrittenModel:
    """Return a model that answers with what its texts come to.

    Raises:
        InputError: it does not write.
    """
    if not isinstance(model, Writer):
        raise InputError(
            f"the model '{model.name}' writes no texts, as --protocol {options.protocol} asks for. Take --protocol "
            "direct, or a language model."
        )
    # At temperature 0 every text of a prompt is the same.
    draws = options.samples if options.temperature > 0 else 1
    return WrittenModel(model, protocol, Writing(draws, options.text_tokens, options.temperature, options.seed))
