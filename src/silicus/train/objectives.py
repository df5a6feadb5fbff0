"""What training makes smaller: losses on the log-probabilities of the answers a respondent may give.

Every loss is a function of one matrix: the log-probability of each answer, as the model gives it among *all* that
could be said, shape (rows, answers). A row is a prompt; rows with fewer answers than the widest are padded with
-inf. `target` has the same shape: the share or number of people who gave each answer, 0 in the padding. A loss has
shape (rows,). In float64 they equal the NumPy metrics of the same name in `silicus.evaluate`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

__all__ = [
    "cao_as_coded", "distribution", "individual", "log_shares", "preference", "ranked_probability", "subpop_as_coded",
    "wasserstein",
]  # fmt: skip

_SUBPOP_EPSILON = 1e-8


def individual(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Return the mean negative log-probability of the answers given: next-token loss, nothing renormalised.

    With every token of an answer and the end of the turn among its edges, this is supervised fine-tuning as in
    Kolluri et al. (2025, https://doi.org/10.18653/v1/2025.emnlp-main.1530), save for its size: it is the sum over
    these tokens, so that it is the likelihood of the answer, where LLaMA-Factory, as `transformers.Trainer`, takes
    the mean over the tokens of a batch. Gradients are longer by as many tokens as an answer has: AdamW does not feel
    a constant factor, `clip` does.
    """
    return -_expected(target, log_probabilities) / target.sum(-1)


def log_shares(log_probabilities: Tensor) -> Tensor:
    """Return the log-probabilities renormalised over the answers offered, shape (rows, answers)."""
    return log_probabilities.log_softmax(-1)


def distribution(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence of the model's distribution over the answers from people's, in nats.

    Forward: people's distribution comes first, so an answer that people give and the model rules out costs most
    (https://doi.org/10.1214/aoms/1177729694).
    """
    share = target / target.sum(-1, keepdim=True)
    return torch.special.xlogy(share, share).sum(-1) - _expected(share, log_shares(log_probabilities))


def wasserstein(log_probabilities: Tensor, target: Tensor, positions: Tensor) -> Tensor:
    """Return the Wasserstein-1 distance from people's answers, in shares of the scale's range (0 to 1).

    Args:
        log_probabilities: shape (rows, answers).
        target: shape (rows, answers).
        positions: the points on [0, 1], ascending, shape (rows, answers); in the padding 1.
    """
    return _cumulative_difference(log_probabilities, target, positions).abs().sum(-1)


def ranked_probability(log_probabilities: Tensor, target: Tensor, positions: Tensor) -> Tensor:
    """Return the squared distance of the cumulative distributions, weighted by the gaps between points (0 to 1).

    The ranked probability score (https://doi.org/10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2) of people's
    distribution: smooth where the Wasserstein distance has a corner.
    """
    gaps = positions.diff(dim=-1)
    shares = log_shares(log_probabilities).exp() - target / target.sum(-1, keepdim=True)
    return (shares.cumsum(-1)[:, :-1].square() * gaps).sum(-1)


def preference(chosen: Tensor, rejected: Tensor, reference_margin: Tensor, beta: float) -> Tensor:
    """Return the loss of direct preference optimisation, shape (pairs,) (https://arxiv.org/abs/2305.18290).

    Args:
        chosen: log-probability of the answer the person gave, shape (pairs,).
        rejected: that of another person's different answer to the same question, shape (pairs,).
        reference_margin: the reference model's log-probability of the chosen less that of the rejected answer.
        beta: how strongly the model is held to the reference.
    """
    return -logsigmoid(beta * (chosen - rejected - reference_margin))


def cao_as_coded(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Return the loss in the code of Cao et al. (2025, https://doi.org/10.18653/v1/2025.naacl-long.162).

    Their divergence is divided by the number of options, as `kl_div` with `reduction="batchmean"` divides a vector:
    questions with many options count less. For comparison only.
    """
    options = torch.isfinite(log_probabilities).sum(-1)
    return distribution(log_probabilities, target) / options


def subpop_as_coded(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Return the loss in the code of Suh et al. (2025, https://doi.org/10.18653/v1/2025.acl-long.1028).

    The model is renormalised over ten letters whatever the question offers, and their target sums to 1 + the share of
    refusals. For comparison only.

    Args:
        log_probabilities: of the letters A to J, shape (rows, 10).
        target: shares of the options without the refusal, then the share of refusals, shape (rows, 10).
    """
    shares = log_shares(log_probabilities).exp()
    known = torch.special.xlogy(target, target + _SUBPOP_EPSILON).sum(-1)
    return known - torch.special.xlogy(target, shares + _SUBPOP_EPSILON).sum(-1)


def _expected(weight: Tensor, values: Tensor) -> Tensor:
    """Return the sum of weight x value, with 0 x -inf = 0: the padding, and answers nobody gave."""
    return (weight * values.masked_fill(weight == 0, 0.0)).sum(-1)


def _cumulative_difference(log_probabilities: Tensor, target: Tensor, positions: Tensor) -> Tensor:
    shares = log_shares(log_probabilities).exp() - target / target.sum(-1, keepdim=True)
    return shares.cumsum(-1)[:, :-1] * positions.diff(dim=-1)
