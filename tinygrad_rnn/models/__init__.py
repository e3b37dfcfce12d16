"""Models built from layers, and what goes with them.

Models          before_recurrence.py (five ways to predict the next), task_shapes.py (one to many, many to one),
                encoder_decoder.py (Seq2Seq), temporal.py (TCN), causal_transformer.py (TransformerLM)
Parts           attention_scores.py masks.py positions.py over_time.py
Training        bptt.py (truncated backpropagation)
Writing         generation.py (greedy, sampling, beam search), ctc_decoding.py
"""

from .attention_scores import (
    AdditiveAttention as AdditiveAttention,
    CosineAttention as CosineAttention,
    DotAttention as DotAttention,
    GeneralAttention as GeneralAttention,
    ScaledDotAttention as ScaledDotAttention,
)
from .before_recurrence import (
    AutoregressiveModel as AutoregressiveModel,
    LatentAutoregressiveModel as LatentAutoregressiveModel,
    LinearStateSpace as LinearStateSpace,
    MarkovModel as MarkovModel,
    NaiveModel as NaiveModel,
)
from .bptt import Window as Window, detached as detached, truncated_bptt as truncated_bptt, windows as windows
from .causal_transformer import CausalBlock as CausalBlock, TransformerLM as TransformerLM
from .ctc_decoding import ctc_beam as ctc_beam, ctc_greedy as ctc_greedy
from .encoder_decoder import (
    Seq2Seq as Seq2Seq,
    exponential_decay as exponential_decay,
    inverse_sigmoid_decay as inverse_sigmoid_decay,
    linear_decay as linear_decay,
)
from .generation import (
    Generated as Generated,
    beam_search as beam_search,
    filtered as filtered,
    greedy as greedy,
    rows_of as rows_of,
    sample as sample,
)
from .masks import (
    additive_mask as additive_mask,
    causal_mask as causal_mask,
    masked_softmax as masked_softmax,
    padding_mask as padding_mask,
)
from .over_time import last_output as last_output, max_over_time as max_over_time, mean_over_time as mean_over_time
from .positions import LearnedEncoding as LearnedEncoding, SinusoidalEncoding as SinusoidalEncoding
from .task_shapes import (
    ManyToMany as ManyToMany,
    ManyToManyLate as ManyToManyLate,
    ManyToOne as ManyToOne,
    OneToMany as OneToMany,
    OneToOne as OneToOne,
)
from .temporal import TCN as TCN, CausalConv1d as CausalConv1d, TemporalBlock as TemporalBlock
