"""Models on this machine: transformers weights, scored exactly over the token tree."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from silicus.errors import ModelError
from silicus.models import attention
from silicus.models.encode import Encoder
from silicus.models.huggingface_writing import write_texts
from silicus.models.read_text import plain_tokens, read_tokens
from silicus.models.reading import Reading
from silicus.models.tree import Pack, Row, pack_rows
from silicus.models.trie import END, build_trie
from silicus.models.writing import Text, Writing
from silicus.prompts import Prompt
from silicus.record import digest

__all__ = ["PACK_TOKENS", "HuggingFaceModel", "reads_at_most"]

PACK_TOKENS = {"cpu": 1024, "cuda": 8192, "mps": 2048}
CHUNK_TOKENS = {"cpu": 128, "cuda": 1024, "mps": 512}
_TOLERANCE = {torch.float32: 0.01, torch.bfloat16: 0.2, torch.float16: 0.1}
"""What rounding explains, as a share of how much log-probabilities differ between two prompts."""


class HuggingFaceModel:
    """A causal language model that gives the exact probability of every answer.

    Each answer's probability is the product of its tokens' probabilities after the prompt, and of the end of
    the turn where another answer goes on from it. Prompts share the computation of what they begin with. That
    this computes what the architecture computes is tried on a few tokens when the model is made.

    Args:
        model: a transformers causal language model, or a PEFT model around one.
        tokenizer: its tokenizer.
        name: what it is called in tables.
        fingerprint: a hash of its weights.
        pack_tokens: tokens of one forward pass; the default suits the device.

    Attributes:
        forwarded: how many tokens went through the model so far.
        pack_tokens: tokens of one forward pass.
        weights: a hash of its weights alone.
        tokenizer: its tokenizer.
        device: where it runs.
        dtype: the precision of its weights.
        end_tokens: the tokens that end an answer.

    Raises:
        ModelError: the architecture cannot be scored over the token tree.
    """

    writes = True

    def __init__(self, model: Any, tokenizer: Any, name: str, fingerprint: str, pack_tokens: int | None = None) -> None:
        self.name, self.forwarded, self.weights = name, 0, fingerprint
        self._model, self.tokenizer = model.eval(), tokenizer
        self.device: torch.device = next(model.parameters()).device
        self.dtype: torch.dtype = model.dtype  # of its first floating parameter: weights in 4 bits say uint8
        self.pack_tokens = pack_tokens or PACK_TOKENS[self.device.type]
        self.fingerprint = digest(fingerprint, str(self.dtype), str(self.pack_tokens))
        self.encoder = Encoder(tokenizer, reads_at_most(model.config, tokenizer))
        self.end_tokens = self.encoder.end_tokens(getattr(model.generation_config, "eos_token_id", None))
        _refuse_moving_positions(model.config, name)
        self._try_tree()

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield a prompt's index and the log-probability of each of its answers, in the order of the tree.

        Raises:
            PromptError: a prompt is longer than the model can read.
        """
        yield from self.score(self.encoder.rows(prompts))

    @property
    def module(self) -> Any:
        """The weights: a transformers model, or a PEFT model around one."""
        return self._model

    def log_probabilities(self, rows: Sequence[Row], through: Any = None) -> torch.Tensor:
        """Return the log-probability of each answer of each row, in one forward pass through which gradients flow.

        Args:
            rows: prompts whose common beginnings are computed once; every one of them lies in memory.
            through: what is called in the place of the module: a wrapper of it, such as one that shards it.

        Returns:
            Shape (rows, answers), in the order of `rows`; -inf where a row has fewer answers than the widest.
        """
        (pack,) = pack_rows(rows, limit=sys.maxsize)
        edges = self.edges(pack, attention.TreeState(CHUNK_TOKENS[self.device.type], keep=False), through)
        return _by_answer(pack.rows, edges, {row.index: place for place, row in enumerate(rows)})

    def score(self, rows: Iterable[Row], through: Any = None) -> Iterator[tuple[int, np.ndarray]]:
        """Yield a row's index and the log-probability of each of its answers, in the order of the tree.

        Args:
            rows: the prompts.
            through: what is called in the place of the module, as in `log_probabilities`.
        """
        state = attention.TreeState(CHUNK_TOKENS[self.device.type])
        for pack in pack_rows(rows, self.pack_tokens):
            edges = self._forward(pack, state, through)
            start = 0
            for row in pack.rows:
                stop = start + len(row.trie.edge_nodes)
                yield row.index, row.trie.log_probabilities(edges[start:stop])
                start = stop

    def read(self, texts: Sequence[tuple[str, str]]) -> Iterator[Reading]:
        """Yield what the model makes of each text, token by token, in the order of the texts.

        A text's first token is left out where nothing stands before it, not even a token that begins every text.

        Args:
            texts: what stands before a text, and the text: plain words, without a chat template. Of what is longer
                than the model reads, or than 1,024 tokens, the end is left out.
        """
        for before, text in texts:
            tokens, first = plain_tokens(self.tokenizer, before, text, self.encoder.limit)
            yield read_tokens(self._logits_of_one, tokens, max(first, 1))

    def write(self, prompts: Sequence[Prompt], how: Writing) -> Iterator[tuple[int, list[Text]]]:
        """Yield each prompt's index and its texts, in the order of the prompts.

        Raises:
            PromptError: a prompt and a text after it are longer than the model reads.
        """
        yield from write_texts(self, prompts, how)

    @torch.no_grad()
    def _forward(self, pack: Pack, state: attention.TreeState, through: Any = None) -> np.ndarray:
        return self.edges(pack, state, through).double().cpu().numpy()

    def edges(self, pack: Pack, state: attention.TreeState, through: Any = None) -> torch.Tensor:
        """Return the log-probability of every edge of the pack's rows, one row after the other, shape (edges,).

        The vocabulary is looked at where an answer is read, and nowhere else. Gradients flow where they are enabled
        and the pack carries nothing from one before it.
        """
        return self._read_edges(pack, self._logits(pack, state, through).float())

    def _logits(self, pack: Pack, state: attention.TreeState, through: Any = None) -> torch.Tensor:
        """Return what the model says at the nodes that the pack reads, shape (nodes, vocabulary)."""
        state.enter(pack, self.device, self.dtype)
        logits = (self._model if through is None else through)(
            input_ids=self._tensor(pack.tokens)[None],
            position_ids=self._tensor(pack.depths)[None],
            logits_to_keep=self._tensor(np.concatenate(pack.reads)),
            use_cache=False,
            tree=state,
        ).logits[0]
        self.forwarded += len(pack.tokens)
        return logits

    @torch.no_grad()
    def _logits_of_one(self, pack: Pack) -> torch.Tensor:
        """Return what the model says at the nodes of a pack that no other follows."""
        return self._logits(pack, attention.TreeState(CHUNK_TOKENS[self.device.type], keep=False))

    def _read_edges(self, pack: Pack, logits: torch.Tensor) -> torch.Tensor:
        firsts = np.cumsum([0, *(len(nodes) for nodes in pack.reads[:-1])])
        nodes = np.concatenate([row.trie.edge_nodes + first for row, first in zip(pack.rows, firsts, strict=True)])
        tokens = np.concatenate([row.trie.edge_tokens for row in pack.rows])
        total = logits.logsumexp(dim=-1)
        ends = logits[:, self.end_tokens].logsumexp(dim=-1)
        where, token = self._tensor(nodes), self._tensor(np.maximum(tokens, 0))
        read = torch.where(self._tensor(tokens) == END, ends[where], logits[where, token])
        return read - total[where]

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.device)

    @torch.no_grad()
    def _try_tree(self) -> None:
        """Score a small tree and compare it with plain forwards.

        An architecture that ignores the tree (state-space layers, attention of its own) would give wrong numbers
        without a word.

        Raises:
            ModelError: the numbers differ.
        """
        vocabulary = int(self._model.config.get_text_config().vocab_size)
        tokens = np.random.default_rng(0).integers(0, vocabulary, size=12)
        # Two branches after four tokens, and one that goes back to the root: carried keys and closed branches.
        contexts = [tokens[:8], np.concatenate([tokens[:4], tokens[8:11]]), tokens[8:12]]
        read = np.unique(np.linspace(0, vocabulary - 1, 64, dtype=np.int64))
        trie = build_trie([(int(token),) for token in read])
        plain = [self._plain(context)[read] for context in contexts]
        try:
            self._exchange_attention()
            state = attention.TreeState(chunk=3)
            rows = [Row(index, context, trie) for index, context in enumerate(contexts)]
            found: dict[int, np.ndarray] = {}
            for pack in pack_rows(rows, limit=4):
                edges = self._forward(pack, state).reshape(len(pack.rows), -1)
                found |= {row.index: values for row, values in zip(pack.rows, edges, strict=True)}
        except Exception as error:
            raise ModelError(_unsupported(self.name, str(error))) from error
        gap = max(float(np.abs(found[index] - plain[index]).mean()) for index in range(len(contexts)))
        spread = float(np.abs(plain[0] - plain[2]).mean())
        if not gap <= _TOLERANCE[self.dtype] * spread:
            raise ModelError(_unsupported(self.name, f"log-probabilities differ by {gap:.2g} from a plain forward"))
        self.forwarded = 0

    def _exchange_attention(self) -> None:
        attention.register()
        self._model.set_attn_implementation(attention.ATTENTION)
        if getattr(self._model.config, "_attn_implementation", None) != attention.ATTENTION:
            raise ModelError("its attention cannot be exchanged")

    def _plain(self, context: np.ndarray) -> np.ndarray:
        logits = self._model(input_ids=self._tensor(context)[None], use_cache=False).logits[0, -1]
        return logits.double().log_softmax(-1).cpu().numpy()


def reads_at_most(config: Any, tokenizer: Any) -> int:
    """Return how many tokens a model reads."""
    return int(getattr(config, "max_position_embeddings", None) or tokenizer.model_max_length)


def _by_answer(rows: Sequence[Row], edges: torch.Tensor, place_of: dict[int, int]) -> torch.Tensor:
    """Return the log-probability of each answer of each row, shape (rows, answers).

    Args:
        rows: in the order of `edges`.
        edges: the log-probability of every edge, one row after the other.
        place_of: a row's index -> its place in what is returned.
    """
    # One more edge of probability 1 stands where a path is shorter than the longest, and one of 0 for no answer.
    every = torch.cat([edges, edges.new_tensor([0.0, -torch.inf])])
    certain, impossible = len(edges), len(edges) + 1
    answers = max(len(row.trie.paths) for row in rows)
    longest = max(row.trie.paths.shape[1] for row in rows)
    paths = np.full((len(rows), answers, longest), certain, dtype=np.int64)
    start = 0
    for row in rows:
        own, count = row.trie.paths, len(row.trie.edge_nodes)
        here = paths[place_of[row.index]]
        here[: len(own), : own.shape[1]] = np.where(own == count, certain, own + start)
        here[len(own) :, 0] = impossible
        start += count
    return every[torch.from_numpy(paths).to(edges.device)].sum(-1)


def _unsupported(name: str, why: str) -> str:
    return (
        f"{name}: this architecture cannot be scored exactly over the token tree ({why.partition(chr(10))[0][:200]}). "
        "Llama, Qwen2, Qwen3, Mistral (without a sliding window) and SmolLM models can."
    )


def _refuse_moving_positions(config: Any, name: str) -> None:
    """Refuse rotary embeddings whose frequencies depend on the longest prompt of a pack."""
    kind = str((getattr(config, "rope_parameters", None) or {}).get("rope_type", "default"))
    if kind in {"dynamic", "longrope"}:
        raise ModelError(_unsupported(name, f"rotary embeddings of type '{kind}' change with the length of the batch"))
