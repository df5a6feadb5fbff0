"""What a study is: its scales, questions, conditions and respondents, and the two tables of answers."""

from silicus.study.baselines import option_words_mean, pooled, training_mean, uniform
from silicus.study.orders import draw_order, reorder, undo
from silicus.study.respondents import Respondent, draw_profiles, iter_respondents, read_respondents
from silicus.study.scale import MAX_POINTS, Scale, ScaleKind
from silicus.study.spoken import Outcome, Spoken, spoken_answer
from silicus.study.study import Condition, Human, Item, Question, Source, Study, bundled_studies, read_study
from silicus.study.tables import (
    KEY,
    PREDICTIONS,
    RESPONSES,
    human_responses,
    need_columns,
    place_in,
    read_items,
    read_table,
    write_items,
    write_table,
)

__all__ = [
    "KEY",
    "MAX_POINTS",
    "PREDICTIONS",
    "RESPONSES",
    "Condition",
    "Human",
    "Item",
    "Outcome",
    "Question",
    "Respondent",
    "Scale",
    "ScaleKind",
    "Source",
    "Spoken",
    "Study",
    "bundled_studies",
    "draw_order",
    "draw_profiles",
    "human_responses",
    "iter_respondents",
    "need_columns",
    "option_words_mean",
    "place_in",
    "pooled",
    "read_items",
    "read_respondents",
    "read_study",
    "read_table",
    "reorder",
    "spoken_answer",
    "training_mean",
    "undo",
    "uniform",
    "write_items",
    "write_table",
]
