package latentrace.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import latentrace.backend.Activation;
import latentrace.backend.BackendException;
import latentrace.backend.Buffer;
import latentrace.backend.KlWeights;
import latentrace.backend.Reconstruction;
import org.junit.jupiter.api.Test;

/** One small case of each operation, worked out by hand; the arithmetic stands beside it. */
class HandComputedTest {
  private static final double LN2 = 0.6931471805599453;
  private static final double TINY = 1e-15;

  private final EjmlBackend backend = new EjmlBackend(1);

  private Buffer of(double... values) {
    Buffer buffer = backend.allocate(values.length);
    buffer.upload(values);
    return buffer;
  }

  private Buffer garbage(int length) {
    Buffer buffer = backend.allocate(length);
    buffer.fill(Double.NaN);
    return buffer;
  }

  private static void check(Buffer actual, double... expected) {
    assertArrayEquals(expected, actual.toDoubles(), TINY);
  }

  /** Random123's words of key 0, counter 0: u = 0.399, 0.881, 0.736, 0.606. */
  @Test
  void mask() {
    Buffer y = garbage(4);
    backend.random().mask(0, 0, new int[] {0}, 1, 4, 0.7, of(1, 2, 3, 4), y);
    check(y, 0, 2, 3, 0);
  }

  /** Rows along ±x and ±y: cosines 1 in the first pair, 0 between pairs, −1 in the second. */
  @Test
  void contrastive() {
    Buffer z = of(2, 0, 1, 0, 0, 3, 0, -1);
    Buffer values = garbage(2);
    Buffer dZ = garbage(8);
    backend.losses().contrastive(2, 2, 1, z, values, 2, dZ);
    // first pair: ln(e + 2) − 1 in both rows; second: ln(1/e + 2) + 1
    double e = Math.E;
    assertArrayEquals(
        new double[] {Math.log(e + 2) - 1, Math.log(1 / e + 2) + 1}, values.toDoubles(), 1e-14);
    // +x is pushed from +y as from −y; both of these from +x twice, by 1/‖z‖
    double push = 2 * (1 / (1 / e + 2) + 1 / (e + 2));
    assertArrayEquals(new double[] {0, 0, 0, 0, push / 3, 0, push, 0}, dZ.toDoubles(), 1e-15);
    // one other row: nothing to tell apart
    backend.losses().contrastive(1, 2, 0.5, of(1, 0, 1, 1), values, 1, dZ);
    assertEquals(0, values.toDoubles()[0], 1e-15);
  }

  /** One sample is its own aggregate: no mutual information, no total correlation. */
  @Test
  void totalCorrelation() {
    // ln N(3;1,1) − ln N(3;0,1) = −2 + 4.5; ln N(−1;0,4) − ln N(−1;0,1) = −ln 2 − 1/8 + 1/2
    Buffer h = of(1, 0, 0, 2 * LN2);
    Buffer xi = of(3, -1);
    Buffer penalty = garbage(1);
    KlWeights weights = new KlWeights(10, 20, 2);
    backend.latents().totalCorrelation(1, 2, h, xi, weights, penalty);
    assertArrayEquals(new double[] {2 * (2.5 + 0.375 - LN2)}, penalty.toDoubles(), 1e-13);
    // γ·(−lv/2 − ε²/2 + ξ²/2) at fixed ε: dμ = γ·ξ, dlv = γ·(−½ + ξ·(ξ − μ)/2)
    Buffer dH = of(100, 0, 0, 0);
    backend.latents().totalCorrelationBackward(1, 2, h, xi, weights, 1, dH);
    assertArrayEquals(new double[] {106, -2, 5, 0}, dH.toDoubles(), 1e-13);
  }

  @Test
  void gemm() {
    // A = [1 2 3; 4 5 6], B = [1 0; 2 1; 0 3]; AB = [5 11; 14 23]
    Buffer a = of(1, 2, 3, 4, 5, 6);
    Buffer b = of(1, 0, 2, 1, 0, 3);
    Buffer c = garbage(4);
    backend.dense().gemm(false, false, 2, 2, 3, 1, a, 3, b, 2, 0, c, 2);
    check(c, 5, 11, 14, 23);
    // 2AB - C = AB
    backend.dense().gemm(false, false, 2, 2, 3, 2, a, 3, b, 2, -1, c, 2);
    check(c, 5, 11, 14, 23);
    // AᵀA' with A' = the same: [17 22 27; 22 29 36; 27 36 45]
    Buffer d = garbage(9);
    backend.dense().gemm(true, false, 3, 3, 2, 1, a, 3, a, 3, 0, d, 3);
    check(d, 17, 22, 27, 22, 29, 36, 27, 36, 45);
    // AAᵀ = [14 32; 32 77], written with one column of distance
    Buffer e = garbage(5);
    backend.dense().gemm(false, true, 2, 2, 3, 1, a, 3, a, 3, 0, e, 3);
    check(e, 14, 32, Double.NaN, 32, 77);
    // Aᵀ(3x2)·Bᵀ(2x3), B [3,2]: row 0 of Aᵀ (1,4) with rows of B: 1, 2+4, 12
    backend.dense().gemm(true, true, 3, 3, 2, 1, a, 3, b, 2, 0, d, 3);
    check(d, 1, 6, 12, 2, 9, 15, 3, 12, 18);
  }

  @Test
  void gemmBatched() {
    // the same row (2, 3) times two columns vectors (1, 1) and (1, -1)
    Buffer c = garbage(2);
    backend
        .dense()
        .gemmStridedBatched(
            false, false, 1, 1, 2, 1, of(2, 3), 2, 0, of(1, 1, 1, -1), 1, 2, 0, c, 1, 1, 2);
    check(c, 5, -1);
  }

  @Test
  void linear() {
    // x = [1 2], weight = [1 -1; 3 4; -1 -1], bias = [0.5 -1 1] -> [-0.5 10 -2]
    Buffer x = of(1, 2);
    Buffer weight = of(1, -1, 3, 4, -1, -1);
    Buffer y = garbage(3);
    backend.dense().linearForward(1, 2, 3, x, weight, of(0.5, -1, 1), Activation.IDENTITY, y);
    check(y, -0.5, 10, -2);
    backend.dense().linearForward(1, 2, 3, x, weight, of(0.5, -1, 1), Activation.RELU, y);
    check(y, 0, 10, 0);
    // delta = [1 2 3]: dX = (1+6-3, -1+8-3); dWeight = deltaᵀx; dBias = delta
    Buffer delta = of(1, 2, 3);
    Buffer dX = garbage(2);
    backend.dense().linearBackwardInput(1, 2, 3, delta, weight, dX);
    check(dX, 4, 4);
    Buffer dWeight = garbage(6);
    Buffer dBias = garbage(3);
    backend.dense().linearBackwardParameters(1, 2, 3, 1, x, delta, 0, dWeight, dBias);
    check(dWeight, 1, 2, 2, 4, 3, 6);
    check(dBias, 1, 2, 3);
    backend.dense().linearBackwardParameters(1, 2, 3, 1, x, delta, 1, dWeight, dBias);
    check(dWeight, 2, 4, 4, 8, 6, 12);
    check(dBias, 2, 4, 6);
    backend.dense().linearBackwardParameters(1, 2, 3, -1, x, delta, 0.5, dWeight, dBias);
    check(dWeight, 0, 0, 0, 0, 0, 0);
    check(dBias, 0, 0, 0);
  }

  @Test
  void activations() {
    // at x = ln 3: tanh = (9-1)/(9+1) = 0.8, sigmoid = 3/4, softplus = ln 4
    double[] x = {-2, 0, Math.log(3)};
    forward(Activation.IDENTITY, x, -2, 0, Math.log(3));
    forward(Activation.RELU, x, 0, 0, Math.log(3));
    forward(Activation.LEAKY_RELU, x, -0.02, 0, Math.log(3));
    forward(Activation.TANH, new double[] {0, Math.log(3), -Math.log(3)}, 0, 0.8, -0.8);
    forward(Activation.SIGMOID, new double[] {0, Math.log(3), -Math.log(3)}, 0.5, 0.75, 0.25);
    forward(Activation.SOFTPLUS, new double[] {0, Math.log(3)}, LN2, 2 * LN2);
    // dY = 10 throughout
    backward(Activation.IDENTITY, new double[] {-1, 2}, 10, 10);
    backward(Activation.RELU, new double[] {0, 2}, 0, 10);
    backward(Activation.LEAKY_RELU, new double[] {-0.02, 0, 2}, 0.1, 0.1, 10);
    backward(Activation.TANH, new double[] {0, 0.5}, 10, 7.5);
    backward(Activation.SIGMOID, new double[] {0.5, 0.75}, 2.5, 1.875);
    backward(Activation.SOFTPLUS, new double[] {LN2, 2 * LN2}, 5, 7.5);
  }

  private void forward(Activation activation, double[] x, double... expected) {
    Buffer y = garbage(x.length);
    backend.activations().forward(activation, x.length, of(x), y);
    check(y, expected);
  }

  private void backward(Activation activation, double[] y, double... expected) {
    Buffer dY = backend.allocate(y.length);
    dY.fill(10);
    Buffer dX = garbage(y.length);
    backend.activations().backward(activation, y.length, of(y), dY, dX);
    assertArrayEquals(expected, dX.toDoubles(), 1e-14);
  }

  @Test
  void activationsFarOut() {
    forward(Activation.SIGMOID, new double[] {-1000, 1000}, 0, 1);
    forward(Activation.SOFTPLUS, new double[] {-1000, 1000}, 0, 1000);
    forward(Activation.TANH, new double[] {-1000, 1000}, -1, 1);
    backward(Activation.SOFTPLUS, new double[] {1000}, 10);
  }

  @Test
  void reconstructions() {
    // bernoulli: o = 0: ln 2 whatever x; o = ln 3, x = 1: ln(4/3); gradient ¼·4 at x ½: 0, ¾-1
    Buffer values = garbage(2);
    Buffer dOutput = garbage(4);
    Buffer output = of(0, Math.log(3), 0, Math.log(3));
    Buffer target = of(0.5, 1);
    backend
        .losses()
        .reconstruction(Reconstruction.BERNOULLI, 2, 2, 2, output, target, values, 4, dOutput);
    check(values, LN2 + Math.log(4 / 3.0), LN2 + Math.log(4 / 3.0));
    check(dOutput, 0, -1, 0, -1);
    // gaussian: (½-½)² + (¾-1)² = 1/16; gradient 2(¾-1)·¾·¼ = -3/32, times 4
    backend
        .losses()
        .reconstruction(Reconstruction.GAUSSIAN, 2, 2, 2, output, target, values, 4, dOutput);
    check(values, 0.0625, 0.0625);
    check(dOutput, 0, -0.375, 0, -0.375);
    // mse, one draw: (1-3)² + (2-2)² = 4; gradient -4, times ½
    backend
        .losses()
        .reconstruction(Reconstruction.MSE, 1, 1, 2, of(1, 2), of(3, 2), values, 0.5, dOutput);
    assertEquals(4, values.toDoubles()[0]);
    check(dOutput.slice(0, 2), -2, 0);
    // l1: |1-3| + |2-2| = 2; gradient -1, 0, times ½
    backend
        .losses()
        .reconstruction(Reconstruction.L1, 1, 1, 2, of(1, 2), of(3, 2), values, 0.5, dOutput);
    assertEquals(2, values.toDoubles()[0]);
    check(dOutput.slice(0, 2), -0.5, 0);
    // far out: no overflow
    backend
        .losses()
        .reconstruction(
            Reconstruction.BERNOULLI, 1, 1, 2, of(1000, -1000), of(0, 1), values, 1, dOutput);
    assertEquals(2000, values.toDoubles()[0]);
    check(dOutput.slice(0, 2), 1, -1);
    // without a gradient
    backend
        .losses()
        .reconstruction(Reconstruction.MSE, 1, 1, 2, of(1, 2), of(3, 2), values, 1, null);
    check(dOutput.slice(0, 2), 1, -1);
  }

  @Test
  void lstmCell() {
    // z + bias = (ln 3, 0, ln 2, -ln 3): i = ¾, f = ½, g = 3/5, o = ¼; c = ½·c' + 9/20 = ln 3 for
    // this c'; tanh(ln 3) = 4/5, h = ¼·4/5
    double ln3 = Math.log(3);
    double before = 2 * (ln3 - 0.45);
    Buffer gates = of(ln3 - 1, 2, LN2, -ln3 + 3);
    Buffer cell = garbage(1);
    Buffer h = garbage(1);
    Buffer next = garbage(1);
    backend
        .recurrent()
        .lstmCellForward(1, 1, gates, 4, of(1, -2, 0, -3), of(before), cell, 1, h, 1, next, 1);
    assertArrayEquals(new double[] {0.75, 0.5, 0.6, 0.25}, gates.toDoubles(), 4 * TINY);
    check(cell, ln3);
    check(h, 0.2);
    check(next, 0.2);
    // dH = 2, dC = 3: e = 3 + 2·¼·(1 - 16/25) = 3.18; δ_i = e·g·¾·¼, δ_f = e·c'·¼, δ_g = e·¾·16/25,
    // δ_o = 2·4/5·¼·¾; dC = e·½
    Buffer delta = garbage(4);
    Buffer dC = of(3);
    backend.recurrent().lstmCellBackward(1, 1, gates, delta, 4, of(before), cell, 1, of(2), 1, dC);
    double[] expected = {0.35775, 0.795 * before, 1.5264, 0.3};
    assertArrayEquals(expected, delta.toDoubles(), 8 * TINY);
    assertArrayEquals(new double[] {1.59}, dC.toDoubles(), 8 * TINY);
    // the first step: c' = 0
    Buffer first = of(ln3, 0, LN2, -ln3);
    backend
        .recurrent()
        .lstmCellForward(1, 1, first, 4, of(0, 0, 0, 0), null, cell, 1, h, 1, null, 1);
    check(cell, 0.45);
    backend.recurrent().lstmCellBackward(1, 1, first, delta, 4, null, cell, 1, of(2), 1, dC);
    assertEquals(0, delta.toDoubles()[1]);
  }

  @Test
  void crossEntropy() {
    // logits (ln 1, ln 2, ln 5): softmax (1/8, 2/8, 5/8); label 1: -ln ¼ = 2 ln 2
    Buffer values = garbage(2);
    Buffer dOutput = garbage(6);
    Buffer logits = of(0, LN2, Math.log(5), 1000, 0, 0);
    backend.losses().crossEntropy(2, 3, logits, of(1, 2), values, 8, dOutput);
    assertArrayEquals(new double[] {2 * LN2, 1000}, values.toDoubles(), 1e-14);
    assertArrayEquals(new double[] {1, -6, 5, 8, 0, -8}, dOutput.toDoubles(), 1e-14);
  }

  @Test
  void latents() {
    // one sample, two draws, d = 2: mu = (1, -1), lv = (0, 2 ln 2): sigma = (1, 2)
    Buffer h = of(1, -1, 0, 2 * LN2);
    Buffer epsilon = of(0.5, 1, -1, -0.25);
    Buffer xi = garbage(4);
    backend.latents().reparameterize(1, 2, 2, h, epsilon, xi);
    check(xi, 1.5, 1, 0, -1.5);
    // dmu = (1+3, 2+4); dlv = ½σ·Σ dξ·ε = ½(0.5-3), 1·(2-1)
    Buffer dH = garbage(4);
    backend.latents().reparameterizeBackward(1, 2, 2, h, epsilon, of(1, 2, 3, 4), dH);
    check(dH, 4, 6, -1.25, 1);
    // kl = ½((1+1-1-0) + (1+4-1-2 ln 2)) = ½(5 - 2 ln 2)
    Buffer kl = garbage(1);
    backend.latents().kl(1, 2, h, kl);
    check(kl, 2.5 - LN2);
    // dH += 2·(mu, ½(e^lv - 1)) = 2·(1, -1, 0, 1.5)
    backend.latents().klBackward(1, 2, h, of(2), dH);
    check(dH, 6, 4, -1.25, 4);
  }

  @Test
  void klPenalty() {
    Buffer penalty = garbage(3);
    Buffer coefficient = garbage(3);
    Buffer kl = of(1, 3, 5);
    backend.latents().klPenalty(3, kl, 4, Double.NaN, 0.5, penalty, coefficient);
    check(penalty, 4, 12, 20);
    check(coefficient, 2, 2, 2);
    // γ|KL - 3|: sign -1, 0, 1
    backend.latents().klPenalty(3, kl, 4, 3, 0.5, penalty, coefficient);
    check(penalty, 8, 0, 8);
    check(coefficient, -2, 0, 2);
    // capacity 0 is Burgess with C = 0, not "no capacity"
    backend.latents().klPenalty(3, kl, 4, 0, 1, penalty, coefficient);
    check(penalty, 4, 12, 20);
  }

  @Test
  void scoreFunction() {
    // d = 1, mu = 1, sigma = 2 (lv = 2 ln 2), ε = 0.5: ξ = 2
    // ln Q - ln P = ½(ξ² - ε² - lv) = ½(4 - 0.25 - 2 ln 2) = 1.875 - ln 2
    // s = 2·(1.875 - ln 2) + 3; dmu = s·ε/σ = s/4; dlv = s·½(0.25 - 1) = -0.375 s; scale 4
    double s = 2 * (1.875 - LN2) + 3;
    Buffer dH = garbage(2);
    backend
        .latents()
        .scoreFunctionBackward(1, 1, 1, of(1, 2 * LN2), of(0.5), of(2), of(3), 2, 4, dH);
    assertArrayEquals(new double[] {s, -1.5 * s}, dH.toDoubles(), 1e-14);
  }

  @Test
  void sgd() {
    // g = 1 + 0.5·2 = 2; without momentum p = 2 - 0.1·2
    Buffer p = of(2);
    backend.optimizers().sgd(1, p, of(1), null, 0.1, 0, false, 0.5);
    check(p, 1.8);
    // momentum ½, v = 4: v = 2 + 1 = 3, p = 2 - 0.1·3; Nesterov: p = 2 - 0.1·(1 + 1.5)
    p = of(2);
    Buffer v = of(4);
    backend.optimizers().sgd(1, p, of(1), v, 0.1, 0.5, false, 0);
    check(v, 3);
    check(p, 1.7);
    p = of(2);
    v = of(4);
    backend.optimizers().sgd(1, p, of(1), v, 0.1, 0.5, true, 0);
    check(v, 3);
    check(p, 1.75);
  }

  @Test
  void adam() {
    // step 1 from zeros: m = (1-β1)g, v = (1-β2)g²; both corrections undo: p -= lr·g/(|g| + ε)
    Buffer p = of(1, 1);
    Buffer m = of(0, 0);
    Buffer v = of(0, 0);
    backend.optimizers().adam(2, 1, p, of(2, -4), m, v, 0.1, 0.9, 0.99, 0, 0);
    assertArrayEquals(new double[] {0.9, 1.1}, p.toDoubles(), 1e-14);
    assertArrayEquals(new double[] {0.2, -0.4}, m.toDoubles(), 1e-14);
    assertArrayEquals(new double[] {0.04, 0.16}, v.toDoubles(), 1e-14);
    // step 2 with β1 = β2 = ½, m = 1, v = 4, g = 2 + 1·(p = 1) = 3:
    // m = ½ + 1.5 = 2, v = 2 + 4.5 = 6.5; m̂ = 2/(3/4), v̂ = 6.5/(3/4)
    p = of(1);
    m = of(1);
    v = of(4);
    backend.optimizers().adam(1, 2, p, of(2), m, v, 0.1, 0.5, 0.5, 0.25, 1);
    double expected = 1 - 0.1 * (2 / 0.75) / (Math.sqrt(6.5 / 0.75) + 0.25);
    assertArrayEquals(new double[] {expected}, p.toDoubles(), 1e-14);
  }

  @Test
  void gradients() {
    // one sample, rank 2: a = (1 2), (0 1); delta = 3, -1 (out = 1)
    // G = 3·(1 2) - (0 1) = (3 5), bias part 2
    Buffer a = of(1, 2, 0, 1);
    Buffer delta = of(3, -1);
    Buffer rows = garbage(4);
    backend.gradients().materialize(1, 2, 2, 1, a, delta, true, true, rows, 4);
    check(rows, 3, 5, 2, Double.NaN);
    // ⟨(3 5 | 2), (3 5 | 2)⟩ = 34 + 4; times ½, added to 1
    Buffer scores = of(1);
    backend
        .gradients()
        .ghostProducts(1, 2, 1, 2, 2, 1, a, delta, a, delta, true, true, 0.5, scores, 1);
    check(scores, 20);
    backend
        .gradients()
        .ghostProducts(1, 2, 1, 2, 2, 1, a, delta, a, delta, true, false, 1, scores, 1);
    check(scores, 54);
    Buffer products = of(1);
    backend.gradients().ghostDiagonal(1, 2, 2, 1, a, delta, a, delta, false, true, 3, products);
    check(products, 13);
    backend.gradients().rowDots(1, 3, rows, rows, 4, 2, products);
    check(products, 89);
  }

  /** Words by NUMERICS.md section 2; normals from fixtures/philox_normals.py: seed 0, block 0. */
  @Test
  void noise() {
    Buffer out = garbage(5);
    backend.random().normals(0, 0, new int[] {0}, 1, 1, 5, out);
    float[] normals = new float[4];
    latentrace.backend.Philox.normals(
        new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, normals);
    double[] found = out.toDoubles();
    for (int l = 0; l < 4; l++) {
      assertEquals(normals[l], found[l]);
    }
    int[] words = new int[4];
    latentrace.backend.Philox.block(0, 1, 0, 0, 0, words);
    latentrace.backend.Philox.normals(words, normals);
    assertEquals(normals[0], found[4]);
  }

  @Test
  void bufferErrors() {
    Buffer buffer = of(1, 2, 3);
    assertEquals(
        "elements 2..3 of a buffer of 3",
        assertThrows(IndexOutOfBoundsException.class, () -> buffer.slice(2, 2)).getMessage());
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.slice(-1, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.upload(1, 2, 3, 4));
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.download(0, new double[2], 0, 3));
    Buffer other = of(1, 2);
    assertEquals(
        "copyFrom: source of 2 elements on ejml, target of 3 on ejml",
        assertThrows(IllegalArgumentException.class, () -> buffer.copyFrom(other)).getMessage());
    assertEquals(
        "ejml: a buffer of -1 elements; a Java array holds 0 to 2147483639",
        assertThrows(BackendException.class, () -> backend.allocate(-1)).getMessage());
  }

  @Test
  void slicesShareMemory() {
    Buffer buffer = of(1, 2, 3, 4, 5);
    Buffer inner = buffer.slice(1, 3).slice(1, 2);
    inner.fill(9);
    check(buffer, 1, 2, 9, 9, 5);
    inner.upload(7f);
    check(buffer, 1, 2, 7, 9, 5);
    Buffer copy = backend.allocate(2);
    copy.copyFrom(inner);
    check(copy, 7, 9);
    float[] floats = new float[3];
    buffer.download(2, floats, 1, 2);
    assertArrayEquals(new float[] {0, 7, 9}, floats);
  }
}
