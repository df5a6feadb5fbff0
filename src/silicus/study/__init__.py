"""What a study is: its scales, questions, conditions and respondents, and the two tables of answers."""

from silicus.study.baselines import option_words_mean, pooled, training_mean, uniform
from silicus.study.kinds import Place, ranked_places
from silicus.study.margins import Margins, read_margins
from silicus.study.orders import balanced_orders, draw_order, order_name, order_named, reorder, undo, why_fixed
from silicus.study.pilot import Pilot, read_pilot
from silicus.study.question import Question, StudyQuestion
from silicus.study.raking import Raking, rake
from silicus.study.respondents import (
    Respondent,
    design_effect,
    draw_profiles,
    draw_respondents,
    iter_respondents,
    read_respondents,
)
from silicus.study.scale import MAX_POINTS, Scale, ScaleKind
from silicus.study.spoken import Outcome, Spoken, spoken_answer
from silicus.study.study import Condition, Human, Item, Source, Study, bundled_studies, read_study
from silicus.study.tables import (
    KEY,
    PREDICTIONS,
    RESPONSES,
    VARIANTS,
    human_responses,
    need_columns,
    place_in,
    prediction_failed,
    read_items,
    read_table,
    write_items,
    write_table,
)
from silicus.study.tasks import Drawn, draw_tasks

__all__ = [
    "KEY",
    "MAX_POINTS",
    "PREDICTIONS",
    "RESPONSES",
    "VARIANTS",
    "Condition",
    "Drawn",
    "Human",
    "Item",
    "Margins",
    "Outcome",
    "Pilot",
    "Place",
    "Question",
    "Raking",
    "Respondent",
    "Scale",
    "ScaleKind",
    "Source",
    "Spoken",
    "Study",
    "StudyQuestion",
    "balanced_orders",
    "bundled_studies",
    "design_effect",
    "draw_order",
    "draw_profiles",
    "draw_respondents",
    "draw_tasks",
    "human_responses",
    "iter_respondents",
    "need_columns",
    "option_words_mean",
    "order_name",
    "order_named",
    "place_in",
    "pooled",
    "prediction_failed",
    "rake",
    "ranked_places",
    "read_items",
    "read_margins",
    "read_pilot",
    "read_respondents",
    "read_study",
    "read_table",
    "reorder",
    "spoken_answer",
    "training_mean",
    "undo",
    "uniform",
    "why_fixed",
    "write_items",
    "write_table",
]
