"""The loss of a pack: each row's objective, and how far off its answers are where they have an order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from silicus.train import objectives
from silicus.train.batches import Pack
from silicus.train.recipe import Part

__all__ = ["pack_loss"]


def pack_loss(log_probabilities: Tensor, pack: Pack, parts: Sequence[Part], beta: float) -> Tensor:
    """Return the loss of every row of a pack, not yet weighted, shape (rows,).

    Args:
        log_probabilities: of each answer of each row, shape (rows, answers); -inf in the padding.
        pack: the rows.
        parts: what is made smaller on each part of the mixture.
        beta: of `preference`.
    """
    loss = log_probabilities.new_zeros(len(pack.rows))
    device = log_probabilities.device
    for number in torch.unique(pack.parts).tolist():
        here = torch.nonzero(pack.parts == number).flatten()
        rows = here.to(device)
        target, margin = pack.target[here].to(device), pack.margin[here].to(device)
        own = _objective(parts[number], log_probabilities[rows], target, margin, beta)
        if parts[number].ordinal:
            own = _with_order(parts[number], own, log_probabilities[rows], target, pack.positions[here].to(device))
        loss = loss.index_put((rows,), own)
    return loss


def _objective(part: Part, log_probabilities: Tensor, target: Tensor, margin: Tensor, beta: float) -> Tensor:
    if part.objective == "preference":
        chosen = log_probabilities.gather(1, target.argmax(-1, keepdim=True)).squeeze(1)
        rejected = log_probabilities.gather(1, target.argmin(-1, keepdim=True)).squeeze(1)
        return objectives.preference(chosen, rejected, margin, beta)
    # What is made smaller on a rationale is its next-token loss: the answer is the whole text.
    loss = objectives.individual if part.objective == "rationale" else getattr(objectives, part.objective)
    return loss(log_probabilities, target)


def _with_order(part: Part, own: Tensor, log_probabilities: Tensor, target: Tensor, positions: Tensor) -> Tensor:
    """Return the loss with the ordinal one, times `ordinal`, added in the rows whose answers have an order.

    The objective stays whole, so that no row counts less for having an order. Refusals have no place on the scale:
    the ordinal loss compares the points alone.
    """
    known = ~torch.isnan(positions)
    ordered = torch.nonzero(known.any(-1) & ((target > 0) & known).any(-1)).flatten()
    known, points = known[ordered], positions[ordered].nan_to_num(1.0)
    given = target[ordered].masked_fill(~known, 0.0)
    read = log_probabilities[ordered].masked_fill(~known, -torch.inf)
    ordinal = getattr(objectives, part.ordinal_loss)(read, given, points)
    return own.index_put((ordered,), own[ordered] + part.ordinal * ordinal)
