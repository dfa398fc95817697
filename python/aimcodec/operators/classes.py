"""Our own part of the catalogue: the class of each operator, and the minimal set."""

from __future__ import annotations

from enum import Enum

__all__ = ["MINIMAL_SET", "MINIMAL_SET_VERSION", "Category", "category_of"]


class Category(str, Enum):
    """Classes of operators. The first three are those of the IEEE 2941.1 family; the others are what is beside them."""

    MATHS = "maths"
    MACHINE_LEARNING = "machine learning"
    NEURAL_NETWORK = "neural network"
    TENSOR = "tensor"
    QUANTISATION = "quantisation"
    CONTROL = "control"
    SIGNAL = "signal"
    TEXT = "text"
    CUSTOM = "custom"


_MACHINE_LEARNING_DOMAIN = "ai.onnx.ml"
_TRAINING_DOMAIN = "ai.onnx.preview.training"

# Maths is what is not named here.
_NAMES: dict[Category, str] = {
    Category.NEURAL_NETWORK: """
        AffineGrid Attention AveragePool BatchNormalization CausalConvWithState Celu Col2Im Conv ConvTranspose
        DeformConv Dropout Elu GRU Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample GroupNormalization
        HardSigmoid HardSwish Hardmax InstanceNormalization LRN LSTM LayerNormalization LeakyRelu LinearAttention
        LogSoftmax LpNormalization LpPool MaxPool MaxRoiPool MaxUnpool MeanVarianceNormalization Mish
        NegativeLogLikelihoodLoss NonMaxSuppression PRelu RMSNormalization RNN Relu Resize RoiAlign RotaryEmbedding Selu
        Shrink Sigmoid Softmax SoftmaxCrossEntropyLoss Softplus Softsign SwiGLU Swish Tanh ThresholdedRelu Upsample
        """,
    Category.TENSOR: """
        BitCast Cast CastLike CenterCropPad Compress Concat Constant ConstantOfShape DepthToSpace Expand EyeLike Flatten
        Gather GatherElements GatherND Identity NonZero OneHot Pad Range Reshape ReverseSequence Scatter ScatterElements
        ScatterND Shape Size Slice SpaceToDepth Split Squeeze TensorScatter Tile TopK Transpose Trilu Unique Unsqueeze
        Where
        """,
    Category.QUANTISATION: """
        ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul QuantizeLinear
        """,
    Category.CONTROL: """
        ConcatFromSequence If Loop Optional OptionalGetElement OptionalHasElement Scan SequenceAt SequenceConstruct
        SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap SplitToSequence
        """,
    Category.SIGNAL: "BlackmanWindow DFT HammingWindow HannWindow ImageDecoder MelWeightMatrix STFT",
    Category.TEXT: "RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer",
}
_CATEGORIES = {name: category for category, names in _NAMES.items() for name in names.split()}

_MINIMAL = """
    Abs Add And ArgMax AveragePool BatchNormalization Cast Ceil Clip Concat ConstantOfShape Conv ConvInteger
    ConvTranspose DepthToSpace DequantizeLinear Div Dropout DynamicQuantizeLinear Equal Erf Exp Expand Flatten Floor
    Gather GatherElements GatherND Gemm GlobalAveragePool GlobalMaxPool Greater HardSigmoid Identity
    InstanceNormalization LSTM LayerNormalization LeakyRelu Less Log MatMul MatMulInteger Max MaxPool Min Mod Mul Neg
    Not Or Pad Pow QLinearConv QLinearMatMul QuantizeLinear Range Reciprocal ReduceMax ReduceMean ReduceMin ReduceSum
    Relu Reshape Resize ScatterElements ScatterND Shape Sigmoid Slice Softmax SpaceToDepth Split Sqrt Squeeze Sub Tanh
    Tile TopK Transpose Unsqueeze Where
    """
MINIMAL_SET = frozenset(_MINIMAL.split())
"""What a library of operators should at least have: what the public reference of the family has, what the models that
the project is tested with use, integer arithmetic that is the same everywhere, and gathering and scattering."""

MINIMAL_SET_VERSION = 23
"""The version of the default domain that the minimal set is declared for: all backends have its definitions."""


def category_of(name: str, domain: str) -> Category:
    """The class of an operator of the domains of ONNX."""
    if domain == _MACHINE_LEARNING_DOMAIN:
        return Category.MACHINE_LEARNING
    if domain == _TRAINING_DOMAIN:
        return Category.NEURAL_NETWORK
    return _CATEGORIES.get(name, Category.MATHS)
