"""Makes streaming-goldens.json: what river's drift detectors answer, for core/drift/streaming.

    uv venv /tmp/gold-river && VIRTUAL_ENV=/tmp/gold-river uv pip install -r test/golden/streaming-requirements.txt
    /tmp/gold-river/bin/python test/golden/make-streaming-goldens.py

Deterministic (seeded). Binary streams are stored as text of 0 and 1, others as whole numbers with a divisor.
KSWIN samples its window at random: `SfcSampler` stands in for Python's generator inside river, and draws as core/drift/streaming/kswin.ts
says it does (sfc32 after PractRand, a partial Fisher-Yates shuffle), so river's own code answers on the very same samples.
"""

import json
import pathlib
from importlib.metadata import version

import numpy as np
from river import drift
from river.drift import binary, kswin

MASK = 0xFFFFFFFF


class SfcSampler:
    """Stands in for random.Random(seed) in river's KSWIN: the t-th call of `sample` after a start depends on (seed, t) alone."""

    def __init__(self, seed):
        self.seed = seed or 0
        self.calls = 0

    def sample(self, population, count):
        state = [0, self.calls & MASK, self.seed, 1]

        def following():
            a, b, c, counter = state
            t = (a + b + counter) & MASK
            state[:] = [b ^ (b >> 9), (c + (c << 3)) & MASK, ((((c << 21) | (c >> 11)) & MASK) + t) & MASK, (counter + 1) & MASK]
            return t

        for _ in range(12):
            following()
        self.calls += 1
        pool = list(population)
        for i in range(count):
            j = i + int(following() * ((len(pool) - i) / 2**32))
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:count]


kswin.random.Random = SfcSampler


def streams():
    """(name, values, divisor): the stream is values / divisor."""
    np.random.seed(12345)
    yield "river 1", np.concatenate((np.random.randint(2, size=1000), np.random.randint(8, size=1000))), 1
    np.random.seed(12345)
    first = [np.random.binomial(1, 0.2) for _ in range(1000)]
    yield "river 2", np.array(first + [np.random.binomial(1, 0.8) for _ in range(1000)]), 1
    np.random.seed(12345)
    parts = [np.random.normal(m, 0.1, 500) > 0 for m in (0.0, 0.25, 0.0, 0.25)]
    yield "river 3", np.concatenate(parts).astype(int), 1

    rng = np.random.default_rng(20131028)

    def errors(*rates):
        """One value for each rate."""
        return (rng.random(sum(map(len, rates))) < np.concatenate(rates)).astype(int)

    def flat(rate, n):
        return np.full(n, rate)

    yield "no error, 500", errors(flat(0, 500)), 1
    yield "all errors, 300", errors(flat(1, 300)), 1
    yield "no error then one", np.array([0] * 60 + [1] + [0] * 60), 1
    yield "alternating", np.array([0, 1] * 400), 1
    yield "short, 100", errors(flat(0.1, 50), flat(0.6, 50)), 1
    yield "stable 0.02, 5000", errors(flat(0.02, 5000)), 1
    yield "stable 0.3, 5000", errors(flat(0.3, 5000)), 1
    yield "step 0.05 to 0.1, 8000", errors(flat(0.05, 4000), flat(0.1, 4000)), 1
    yield "step 0.1 to 0.3, 4000", errors(flat(0.1, 2000), flat(0.3, 2000)), 1
    yield "step 0.2 to 0.5 early, 1500", errors(flat(0.2, 150), flat(0.5, 1350)), 1
    yield "step down 0.5 to 0.1, 3000", errors(flat(0.5, 1500), flat(0.1, 1500)), 1
    yield "step down and up, 3000", errors(flat(0.4, 1000), flat(0.05, 1000), flat(0.4, 1000)), 1
    yield "ramp 0.05 to 0.4, 6000", errors(flat(0.05, 2000), np.linspace(0.05, 0.4, 2000), flat(0.4, 2000)), 1
    yield "slow ramp 0.1 to 0.2, 20000", errors(np.linspace(0.1, 0.2, 20000)), 1
    yield "recurring 0.1 and 0.35, 12000", errors(*[flat(r, 1500) for r in (0.1, 0.35) * 4]), 1
    yield "seasonal, 10000", errors(0.2 + 0.15 * np.sin(np.arange(10000) / 700)), 1
    yield "burst of 40, 2000", errors(flat(0.05, 1000), flat(0.95, 40), flat(0.05, 960)), 1
    yield "staircase, 7000", errors(*[flat(r, 1000) for r in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35)]), 1
    yield "Elec2-like, 14000", errors(*[flat(r, 2000) for r in (0.12, 0.18, 0.13, 0.45, 0.4, 0.36, 0.46)]), 1
    yield "long stable then step, 20000", errors(flat(0.15, 15000), flat(0.22, 5000)), 1
    yield "blocks of 7, 4200", np.repeat(errors(flat(0.2, 300), flat(0.4, 300)), 7), 1

    def scaled(values, digits=3):
        return np.round(np.concatenate(values) * 10**digits).astype(int), 10**digits

    yield "normal step 1 sigma, 3000", *scaled([rng.normal(0, 1, 1500), rng.normal(1, 1, 1500)])
    yield "normal variance step, 2000", *scaled([rng.normal(0, 1, 1000), rng.normal(0, 3, 1000)])
    yield "normal stable, 4000", *scaled([rng.normal(10, 2, 4000)], 2)
    yield "losses rise, 4000", *scaled([rng.exponential(0.3, 2000), rng.exponential(0.6, 2000)])
    yield "losses in [0, 1], 3000", *scaled([rng.beta(2, 8, 1500), rng.beta(4, 6, 1500)])
    yield "losses in [0, 1] fall, 2000", *scaled([rng.beta(5, 5, 1000), rng.beta(2, 8, 1000)])
    yield "random walk, 3000", *scaled([np.cumsum(rng.normal(0, 0.1, 3000))])
    yield "constant then constant, 400", np.array([5] * 200 + [6] * 200), 1
    yield "large values, 1500", np.concatenate([rng.integers(10**6, 10**6 + 50, 750), rng.integers(10**6 + 20, 10**6 + 90, 750)]), 1


# our name of the detector, our parameters, river's detector
DETECTORS = [
    ("adwin", {}, lambda: drift.ADWIN()),
    ("adwin", dict(delta=0.05, clock=8, maxBuckets=3, minWindowLength=10, gracePeriod=30),
     lambda: drift.ADWIN(delta=0.05, clock=8, max_buckets=3, min_window_length=10, grace_period=30)),
    ("ddm", {}, lambda: binary.DDM()),
    ("ddm", dict(warmStart=100, warningThreshold=1.5, driftThreshold=2.5), lambda: binary.DDM(100, 1.5, 2.5)),
    ("eddm", {}, lambda: binary.EDDM()),
    ("eddm", dict(warmStart=20, alpha=0.9, beta=0.7), lambda: binary.EDDM(20, 0.9, 0.7)),
    ("hddm_a", {}, lambda: binary.HDDMA()),
    ("hddm_a", dict(driftConfidence=0.01, warningConfidence=0.05, twoSided=True), lambda: binary.HDDMA(0.01, 0.05, True)),
    ("hddm_w", {}, lambda: binary.HDDMW()),
    ("hddm_a", dict(twoSided=True), lambda: binary.HDDMA(two_sided_test=True)),
    ("hddm_w", dict(twoSided=True), lambda: binary.HDDMW(two_sided_test=True)),
    ("hddm_w", dict(driftConfidence=0.01, warningConfidence=0.05, **{"lambda": 0.1}, twoSided=True),
     lambda: binary.HDDMW(0.01, 0.05, 0.1, True)),
    ("page_hinkley", {}, lambda: drift.PageHinkley()),
    ("page_hinkley", dict(minInstances=50, delta=0.01, threshold=8, mode="up"),
     lambda: drift.PageHinkley(min_instances=50, delta=0.01, threshold=8, mode="up")),
    ("page_hinkley", dict(threshold=15, alpha=0.999, mode="down"), lambda: drift.PageHinkley(threshold=15, alpha=0.999, mode="down")),
    ("kswin", {}, lambda: drift.KSWIN()),
    ("kswin", dict(alpha=0.0001, windowSize=200, statSize=100, seed=42), lambda: drift.KSWIN(0.0001, 200, 100, seed=42)),
]
BINARY = {"ddm", "eddm"}
UNIT = {"hddm_a", "hddm_w"}
SLOW = {"kswin"}  # a KS test a value: the longest streams are left out


def run(detector, values):
    """Drifts, and entries into the warning zone, as 0-based indices."""
    drifts, warnings, inside = [], [], False
    for index, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            drifts.append(index)
            inside = False
        else:
            warned = getattr(detector, "warning_detected", False)
            if warned and not inside:
                warnings.append(index)
            inside = warned
    return dict(drifts=drifts, warnings=warnings)


def main():
    stored, cases = [], []
    for name, values, divisor in streams():
        floats = [int(v) / divisor for v in values]
        is_binary, is_unit = set(floats) <= {0.0, 1.0}, 0 <= min(floats) and max(floats) <= 1
        text = dict(bits="".join(str(int(v)) for v in values)) if is_binary else dict(values=[int(v) for v in values], divisor=divisor)
        stored.append(dict(name=name, **text))
        for detector, parameters, make in DETECTORS:
            if (detector in BINARY and not is_binary) or (detector in UNIT and not is_unit):
                continue
            if detector in SLOW and len(floats) > 6000:
                continue
            cases.append(dict(stream=name, detector=detector, parameters=parameters, **run(make(), floats)))
    versions = {p: version(p) for p in ("river", "numpy", "scipy")}
    lines = ",\n".join(json.dumps(x, separators=(",", ":")) for x in stored)
    answers = ",\n".join(json.dumps(x, separators=(",", ":")) for x in cases)
    out = f'{{"versions":{json.dumps(versions)},\n"streams":[\n{lines}\n],\n"cases":[\n{answers}\n]}}\n'
    pathlib.Path(__file__).with_name("streaming-goldens.json").write_text(out)
    print(len(stored), "streams,", len(cases), "cases,", sum(len(c["drifts"]) for c in cases), "drifts")


main()
