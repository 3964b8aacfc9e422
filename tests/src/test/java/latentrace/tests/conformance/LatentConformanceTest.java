package latentrace.tests.conformance;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.KlWeights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The Gaussian bottleneck. */
class LatentConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  private static final int[][] SIZES = {
    {1, 1, 1}, {3, 1, 17}, {1, 5, 3}, {17, 3, 31}, {33, 1, 33}, {2, 31, 6}, {257, 2, 3}, {3, 2, 257}
  };

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void everyOperation(Backend backend) {
    for (int[] size : SIZES) {
      for (boolean offset : BOTH) {
        check(backend, size[0], size[1], size[2], offset);
      }
    }
  }

  private static void check(Backend backend, int n, int m, int d, boolean offset) {
    String what = "n=%d m=%d d=%d".formatted(n, m, d);
    try (Arena arena = new Arena(backend, offset, n + m + d)) {
      double[] h = arena.noise(2 * n * d);
      double[] eps = arena.noise(n * m * d);
      double[] xiIn = arena.noise(n * m * d);
      double[] dXi = arena.noise(n * m * d);
      double[] rec = arena.noise(n * m, 5);
      double[] before = arena.noise(2 * n * d);
      double[] coefficients = arena.noise(n);
      Buffer bh = arena.in("h", h);
      Buffer bEps = arena.in("epsilon", eps);

      Buffer xi = arena.out("xi", n * m * d);
      backend.latents().reparameterize(n, m, d, bh, bEps, xi);
      arena.expect("reparameterize " + what, xi, Oracle.reparameterize(n, m, d, h, eps));

      Buffer dH = arena.out("dH", 2 * n * d);
      backend.latents().reparameterizeBackward(n, m, d, bh, bEps, arena.in("dXi", dXi), dH);
      arena.expect(
          "reparameterizeBackward " + what,
          dH,
          Oracle.reparameterizeBackward(n, m, d, h, eps, dXi));

      Buffer score = arena.out("dH", 2 * n * d);
      backend
          .latents()
          .scoreFunctionBackward(
              n, m, d, bh, bEps, arena.in("xi", xiIn), arena.in("rec", rec), 2.5, 0.25, score);
      arena.expect(
          "scoreFunctionBackward " + what,
          score,
          Oracle.scoreFunctionBackward(n, m, d, h, eps, xiIn, rec, 2.5, 0.25));

      Buffer kl = arena.out("kl", n);
      backend.latents().kl(n, d, bh, kl);
      arena.expect("kl " + what, kl, Oracle.kl(n, d, h));

      Buffer klGradient = arena.inOut("dH", before);
      backend.latents().klBackward(n, d, bh, arena.in("coefficient", coefficients), klGradient);
      arena.expect(
          "klBackward " + what, klGradient, Oracle.klBackward(n, d, h, coefficients, before));
      arena.verify(what);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void totalCorrelation(Backend backend) {
    KlWeights weights = new KlWeights(1.25, 5, 0.5);
    for (int[] size :
        new int[][] {{1, 1}, {3, 1}, {1, 3}, {2, 6}, {17, 5}, {33, 3}, {130, 2}, {257, 3}}) {
      for (boolean offset : BOTH) {
        int n = size[0];
        int d = size[1];
        String what = "totalCorrelation n=%d d=%d".formatted(n, d);
        try (Arena arena = new Arena(backend, offset, n + d)) {
          double[] h = arena.noise(2 * n * d);
          double[] xi = arena.noise(n * d);
          double[] before = arena.noise(2 * n * d);
          Buffer bh = arena.in("h", h);
          Buffer bXi = arena.in("xi", xi);
          Buffer penalty = arena.out("penalty", n);
          backend.latents().totalCorrelation(n, d, bh, bXi, weights, penalty);
          arena.expect(what, penalty, Oracle.totalCorrelation(n, d, h, xi, weights));
          Buffer dH = arena.inOut("dH", before);
          backend.latents().totalCorrelationBackward(n, d, bh, bXi, weights, 0.375, dH);
          arena.expect(
              what + " gradient",
              dH,
              Oracle.totalCorrelationBackward(n, d, h, xi, weights, 0.375, before));
          arena.verify(what);
        }
      }
    }
  }

  /** Draws where every density is 0 in double: the logarithms are taken first. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void farDraws(Backend backend) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer penalty = arena.out("penalty", 2);
      Buffer h = arena.in("h", new double[] {0, 0, 1, 0});
      Buffer xi = arena.in("xi", new double[] {101, -100});
      backend.latents().totalCorrelation(2, 1, h, xi, new KlWeights(1, 7, 1), penalty);
      // one latent has no total correlation: ln N(ξ;μ,1) − ln N(ξ;0,1) = μ·ξ − μ²/2
      Expected expected = new Expected(2, 1);
      expected.set(0, 0, 5000);
      expected.set(1, -100.5, 5000);
      arena.expect("far draws", penalty, expected);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void klPenalty(Backend backend) {
    for (int n : new int[] {1, 3, 17, 31, 33, 257}) {
      for (boolean offset : BOTH) {
        for (double capacity : new double[] {Double.NaN, 0, 1.5}) {
          try (Arena arena = new Arena(backend, offset, n)) {
            double[] kl = arena.noise(n, 2);
            kl[n / 2] = 1.5; // exactly the capacity: sign 0
            Buffer penalty = arena.out("penalty", n);
            Buffer coefficient = arena.out("coefficient", n);
            Buffer from = arena.in("kl", kl);
            backend.latents().klPenalty(n, from, 2.25, capacity, 0.125, penalty, coefficient);
            String what = "klPenalty n=%d capacity=%s".formatted(n, capacity);
            arena.expect(what, penalty, Oracle.klPenalty(n, kl, 2.25, capacity));
            arena.expect(what, coefficient, Oracle.klCoefficient(n, kl, 2.25, capacity, 0.125));
            arena.verify(what);
          }
        }
      }
    }
  }
}
