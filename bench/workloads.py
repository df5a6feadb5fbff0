"""The fixed workloads: seeded, without downloads, as rows of the token tree.

W1 and W2 are made of token ids alone. W3 and W4 are a whole simulation in the words of the real templates: bundled
profiles, arms of about 250 tokens and questions of about 40, in the embedded model's own tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from silicus.models.encode import Encoder
from silicus.models.tree import Row
from silicus.models.trie import AnswerTrie, build_trie
from silicus.prompts import Prompt, get_template, render
from silicus.study import Item, Respondent, Scale, draw_profiles, iter_respondents

__all__ = ["FULL", "PERCENT", "QUICK", "SEVEN", "Sizes", "Survey", "long_stimuli", "percent_trie", "short_stimuli"]

SEED = 0
SEVEN = Scale(kind="ordinal", low=1, high=7, labels={1: "Not at all", 7: "Very much"})
PERCENT = Scale(kind="numeric", low=0, high=100, labels={0: "Not at all", 100: "Very much"})

# Ordinary words, nearly all of them one token; their order is drawn.
_TEXT = (
    "the of and to in that it for was on are with they at this have from or had by not but some what there we can out "
    "other were all your when up use word how said each she which do their time if will way about many then them would "
    "write like so these her long make thing see him two has look more day could go come did my sound no most number "
    "who over know water than call first people may down side been now find new work part take get place made live"
)
_WORDS = _TEXT.split()


@dataclass(frozen=True)
class Sizes:
    """How large the workloads are; lengths in tokens.

    Attributes:
        stimuli: lengths of W1's stimuli, one a cell.
        short_stimuli: the same of W2.
        head: tokens before the stimulus, the same in all rows.
        tail: tokens after the persona.
        persona: shortest and longest persona of W1 and W2.
        cell_personas: personas in a cell of W1 and W2.
        personas: personas of W3 and W4.
        arms: arms of W3 and W4.
        outcomes: questions of W3 and W4.
        arm: words of an arm.
        question: words of a question.
        generate_personas: personas of W3 that `generate` answers, in two cells a repeat.
        vllm_personas: personas of W4 that vLLM answers, in one cell a repeat.
    """

    stimuli: tuple[int, ...] = (150, 400, 650)
    short_stimuli: tuple[int, ...] = (115, 115, 115, 115)
    head: int = 25
    tail: int = 10
    persona: tuple[int, int] = (70, 130)
    cell_personas: int = 16
    personas: int = 500
    arms: int = 4
    outcomes: int = 3
    arm: int = 250
    question: int = 40
    generate_personas: int = 24
    vllm_personas: int = 64


FULL = Sizes()
QUICK = Sizes(
    stimuli=(15, 40, 65), short_stimuli=(11, 11), head=5, tail=3, persona=(7, 13), cell_personas=4, personas=8, arms=2,
    outcomes=2, arm=25, question=10, generate_personas=4, vllm_personas=4,
)  # fmt: skip


def long_stimuli(sizes: Sizes, vocabulary: int) -> list[Row]:
    """Return the rows of W1: few cells with long stimuli, answered by one token of seven."""
    return _drawn_rows(sizes.stimuli, sizes, vocabulary, seed=1)


def short_stimuli(sizes: Sizes, vocabulary: int) -> list[Row]:
    """Return the rows of W2: cells of the lengths that are usual in SocSci210, answered by one token of seven."""
    return _drawn_rows(sizes.short_stimuli, sizes, vocabulary, seed=2)


def _drawn_rows(stimuli: Sequence[int], sizes: Sizes, vocabulary: int, seed: int) -> list[Row]:
    rng = np.random.default_rng([SEED, seed])
    trie = build_trie([(int(token),) for token in rng.choice(vocabulary, size=7, replace=False)])
    head, tail = rng.integers(vocabulary, size=sizes.head), rng.integers(vocabulary, size=sizes.tail)
    contexts: list[np.ndarray] = []
    for length in stimuli:
        stimulus = rng.integers(vocabulary, size=length)
        lengths = rng.integers(*sizes.persona, size=sizes.cell_personas, endpoint=True)
        personas = [rng.integers(vocabulary, size=persona_length) for persona_length in lengths]
        contexts += [np.concatenate([head, stimulus, persona, tail]) for persona in personas]
    # People do not hand over their rows sorted: silicus sorts them itself, padded batches suffer.
    order = rng.permutation(len(contexts))
    return [Row(index, contexts[place].astype(np.int64), trie) for index, place in enumerate(order)]


def percent_trie(vocabulary: int) -> AnswerTrie:
    """Return the trie of 0 to 100 where every digit is a token."""
    digits = np.random.default_rng([SEED, 3]).choice(vocabulary, size=10, replace=False)
    return build_trie([tuple(int(digits[int(digit)]) for digit in str(value)) for value in range(101)])


class Survey:
    """A whole simulation: everybody is asked every question in every arm.

    Args:
        sizes: how many people, arms and questions.
        encoder: turns prompts into rows.
    """

    def __init__(self, sizes: Sizes, encoder: Encoder) -> None:
        rng = np.random.default_rng([SEED, 4])
        table = draw_profiles(sizes.personas, rng)
        self.people = [*iter_respondents(table)]
        self._encoder = encoder
        self._arms = [_sentences(sizes.arm, rng) for _ in range(sizes.arms)]
        self._questions = [_sentences(sizes.question, rng).removesuffix(".") + "?" for _ in range(sizes.outcomes)]

    def items(self, scale: Scale) -> list[Item]:
        """Return the cells, arms outermost."""
        return [
            Item("bench", f"arm {a}", f"question {q}", arm, question, scale)
            for a, arm in enumerate(self._arms)
            for q, question in enumerate(self._questions)
        ]

    def prompts(self, template: str, items: Sequence[Item], people: Sequence[Respondent] | None = None) -> list[Prompt]:
        """Return the prompts of these people (by default all) for these cells, cells outermost."""
        how = get_template(template)
        return [render(how, item, person) for item in items for person in (self.people if people is None else people)]

    def rows(self, template: str, items: Sequence[Item], people: Sequence[Respondent] | None = None) -> list[Row]:
        """Return the rows of these people (by default all) for these cells, cells outermost."""
        return [*self._encoder.rows(self.prompts(template, items, people))]


def _sentences(words: int, rng: np.random.Generator) -> str:
    """Return drawn words in sentences of ten."""
    drawn = [str(word) for word in rng.choice(_WORDS, size=words)]
    return " ".join(" ".join(drawn[start : start + 10]).capitalize() + "." for start in range(0, words, 10))
