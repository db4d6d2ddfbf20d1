"""Evaluation: the rank of every held-out item, metrics of ranks and of lists, and lists to recommend.

A name is imported when it is asked for; metrics and ranking need PyTorch alone.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.evaluation.best import Best, best_items
    from miqrec.evaluation.evaluate import batch_ranks, rank_questions
    from miqrec.evaluation.index import ItemIndex, made_up_histories, with_index
    from miqrec.evaluation.inference import InferenceConfig
    from miqrec.evaluation.list_scores import score_lists
    from miqrec.evaluation.metrics import METRICS, hit_rate, ndcg, reciprocal_rank, summary
    from miqrec.evaluation.mixture import late_mixture
    from miqrec.evaluation.ranking import exclude, ranks, top_k
    from miqrec.evaluation.scoring import score_items
    from miqrec.evaluation.top_lists import ListRequest, recommend_lists

__all__ = [
    "METRICS",
    "Best",
    "InferenceConfig",
    "ItemIndex",
    "ListRequest",
    "batch_ranks",
    "best_items",
    "exclude",
    "hit_rate",
    "late_mixture",
    "made_up_histories",
    "ndcg",
    "rank_questions",
    "ranks",
    "reciprocal_rank",
    "recommend_lists",
    "score_items",
    "score_lists",
    "summary",
    "top_k",
    "with_index",
]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.evaluation.best": ["Best", "best_items"],
        "miqrec.evaluation.evaluate": ["batch_ranks", "rank_questions"],
        "miqrec.evaluation.index": ["ItemIndex", "made_up_histories", "with_index"],
        "miqrec.evaluation.inference": ["InferenceConfig"],
        "miqrec.evaluation.list_scores": ["score_lists"],
        "miqrec.evaluation.metrics": ["METRICS", "hit_rate", "ndcg", "reciprocal_rank", "summary"],
        "miqrec.evaluation.mixture": ["late_mixture"],
        "miqrec.evaluation.ranking": ["exclude", "ranks", "top_k"],
        "miqrec.evaluation.scoring": ["score_items"],
        "miqrec.evaluation.top_lists": ["ListRequest", "recommend_lists"],
    },
)
