"""Trainable weights of every network, to the last one, and the shape of its answer.

The numbers are those of the papers' own code and of torchvision, as collected in the reference of the project;
weights of a last layer of K classes on D features are K (D + 1).
"""
import pytest

from npfl_kit import backbones

CIFAR, IMAGENET, ALEXNET = [32, 32, 3], [224, 224, 3], [227, 227, 3]
COUNTS = [
    ("lenet5", [32, 32, 1], 10, 61_706), ("lenet5", [28, 28, 1], 10, 61_706), ("lenet5", CIFAR, 10, 62_006),
    ("alexnet", ALEXNET, 1000, 60_965_224), ("alexnet", IMAGENET, 1000, 60_965_224),
    ("alexnet-lrn", ALEXNET, 1000, 60_965_224), ("alexnet-ungrouped", ALEXNET, 1000, 62_378_344),
    ("alexnet-owt", IMAGENET, 1000, 61_100_840),
    ("vgg11", IMAGENET, 1000, 132_863_336), ("vgg13", IMAGENET, 1000, 133_047_848),
    ("vgg16", IMAGENET, 1000, 138_357_544), ("vgg19", IMAGENET, 1000, 143_667_240),
    ("resnet18", IMAGENET, 1000, 11_689_512), ("resnet34", IMAGENET, 1000, 21_797_672),
    ("resnet50", IMAGENET, 1000, 25_557_032), ("resnext50-32x4d", IMAGENET, 1000, 25_028_904),
    ("wide_resnet50-2", IMAGENET, 1000, 68_883_240),
    ("resnet20", CIFAR, 10, 269_722), ("resnet32", CIFAR, 10, 464_154), ("resnet44", CIFAR, 10, 658_586),
    ("resnet56", CIFAR, 10, 853_018), ("resnet110", CIFAR, 10, 1_727_962),
    ("preact_resnet164", CIFAR, 10, 1_703_258),
    ("wide_resnet-16-8", CIFAR, 10, 10_961_370), ("wide_resnet-40-4", CIFAR, 10, 8_949_210),
    ("wide_resnet-22-8", CIFAR, 10, 17_158_106), ("wide_resnet-28-12", CIFAR, 10, 52_517_850),
    ("wide_resnet-28-10", CIFAR, 10, 36_479_194), ("wide_resnet-28-10", CIFAR, 100, 36_536_884),
    ("densenet-40-12", CIFAR, 10, 1_019_722),
    ("densenet-bc-100-12", CIFAR, 10, 769_162),
    ("pyramidnet-110-48", CIFAR, 10, 1_739_730),
    ("resnext-29-8x64", CIFAR, 10, 34_426_698), ("resnext-29-8x64", CIFAR, 100, 34_518_948),
    ("resnext-29-16x64", CIFAR, 10, 68_155_210), ("resnext-29-1x64", CIFAR, 10, 4_914_250),
    ("resnext-29-32x4", CIFAR, 10, 4_775_754),
]
LARGE = [
    ("resnet101", IMAGENET, 1000, 44_549_160), ("resnet152", IMAGENET, 1000, 60_192_808),
    ("resnext101-32x8d", IMAGENET, 1000, 88_791_336), ("resnet1202", CIFAR, 10, 19_421_274),
    ("preact_resnet1001", CIFAR, 10, 10_327_706),
    ("densenet-100-12", CIFAR, 10, 6_979_642), ("densenet-100-24", CIFAR, 10, 27_249_082),
    ("densenet-bc-100-12", CIFAR, 100, 800_032), ("densenet-bc-250-24", CIFAR, 10, 15_324_406),
    ("densenet-bc-190-40", CIFAR, 10, 25_624_430),
    ("densenet121", IMAGENET, 1000, 7_978_856), ("densenet169", IMAGENET, 1000, 14_149_480),
    ("densenet201", IMAGENET, 1000, 20_013_928), ("densenet161", IMAGENET, 1000, 28_681_000),
    ("pyramidnet-110-84", CIFAR, 10, 3_855_054), ("pyramidnet-110-270", CIFAR, 10, 28_485_477),
    ("pyramidnet-164-270", CIFAR, 10, 27_216_021), ("pyramidnet-200-240", CIFAR, 10, 26_617_000),
    ("pyramidnet-236-220", CIFAR, 10, 26_806_528), ("pyramidnet-272-200", CIFAR, 10, 26_049_562),
]
CASES = COUNTS + [pytest.param(*row, marks=pytest.mark.slow) for row in LARGE]


@pytest.mark.parametrize("name, image_shape, num_classes, count", CASES)
def test_the_count_is_exact(undrawn, name, image_shape, num_classes, count):
    model = backbones.build(name, image_shape, num_classes)

    assert sum(weight.shape.num_elements() for weight in model.trainable_weights) == count
    assert model.input_shape == (None, *image_shape) and model.output_shape == (None, num_classes)
    assert model.layers[-1].name == "logits"


def test_every_name_that_is_offered_is_counted():
    assert set(backbones.NAMES) == {row[0] for row in COUNTS + LARGE}
