package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.KlWeights;
import latentrace.backend.Reconstruction;
import latentrace.reference.EjmlBackend;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad arguments are refused, with these exact texts, before anything is written. */
class ValidationConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void dense(Backend backend) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer six = arena.in("six", arena.noise(6));
      Buffer five = arena.inOut("five", arena.noise(5));
      var dense = backend.dense();
      refused(
          "gemm: m must be positive, was 0",
          () -> dense.gemm(false, false, 0, 2, 3, 1, six, 3, six, 2, 0, six, 2));
      refused(
          "gemm: lda=2 is less than its 3 columns",
          () -> dense.gemm(false, false, 2, 2, 3, 1, six, 2, six, 2, 0, five, 2));
      refused(
          "gemm: ldb=2 is less than its 3 columns",
          () -> dense.gemm(false, true, 2, 2, 3, 1, six, 3, six, 2, 0, five, 2));
      refused(
          "gemm: ldc=1 is less than its 2 columns",
          () -> dense.gemm(false, false, 2, 2, 3, 1, six, 3, six, 2, 0, five, 1));
      refused(
          "gemm: A [m,k] needs 6 elements, the buffer has 5",
          () -> dense.gemm(false, false, 2, 2, 3, 1, five, 3, six, 2, 0, six, 2));
      refused(
          "gemm: A [k,m] needs 7 elements, the buffer has 6",
          () -> dense.gemm(true, false, 3, 2, 2, 1, six, 4, six, 2, 0, six, 2));
      refused(
          "gemm: B [n,k] needs 6 elements, the buffer has 5",
          () -> dense.gemm(false, true, 2, 2, 3, 1, six, 3, five, 3, 0, six, 2));
      refused(
          "gemm: C [m,n] needs 6 elements, the buffer has 5",
          () -> dense.gemm(false, false, 2, 3, 2, 1, six, 2, six, 3, 0, five, 3));
      refused(
          "gemm: C [m,n] is null",
          () -> dense.gemm(false, false, 2, 2, 3, 1, six, 3, six, 2, 0, null, 2));
      refused(
          "gemm: strideC=1 makes the results of a batch of 2 overlap",
          () ->
              dense.gemmStridedBatched(
                  false, false, 1, 2, 1, 1, six, 1, 0, six, 2, 0, 0, five, 2, 1, 2));
      refused(
          "gemm: strideA must not be negative, was -1",
          () ->
              dense.gemmStridedBatched(
                  false, false, 1, 1, 1, 1, six, 1, -1, six, 1, 0, 0, five, 1, 1, 2));
      refused(
          "linearForward: weight [out,in] needs 9 elements, the buffer has 6",
          () -> dense.linearForward(1, 3, 3, six, six, six, Activation.RELU, six));
      refused(
          "linearBackwardInput: rows must be positive, was -1",
          () -> dense.linearBackwardInput(-1, 2, 3, six, six, six));
      refused(
          "linearBackwardParameters: dBias [out] is null",
          () -> dense.linearBackwardParameters(1, 2, 3, 1, six, six, 1, six, null));
      arena.verify("refused calls");
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void otherFamilies(Backend backend) {
    try (Arena arena = new Arena(backend, false, 1)) {
      Buffer six = arena.inOut("six", arena.noise(6));
      refused(
          "activationForward: length must not be negative, was -1",
          () -> backend.activations().forward(Activation.TANH, -1, six, six));
      refused(
          "activationBackward: dY [length] needs 7 elements, the buffer has 6",
          () -> {
            Buffer seven = arena.in("seven", arena.noise(7));
            backend.activations().backward(Activation.TANH, 7, seven, six, seven);
          });
      refused(
          "reconstruction: rows=5 is no multiple of draws=2",
          () ->
              backend.losses().reconstruction(Reconstruction.MSE, 5, 2, 1, six, six, six, 1, null));
      refused(
          "reconstruction: target [rows/draws,features] needs 8 elements, the buffer has 6",
          () -> {
            Buffer eight = arena.inOut("eight", arena.noise(8));
            backend.losses().reconstruction(Reconstruction.MSE, 4, 1, 2, eight, six, six, 1, null);
          });
      refused(
          "crossEntropy: dOutput [rows,classes] needs 6 elements, the buffer has 5",
          () -> backend.losses().crossEntropy(2, 3, six, six, six, 1, six.slice(0, 5)));
      refused(
          "reparameterize: h [n,2d] needs 8 elements, the buffer has 6",
          () -> backend.latents().reparameterize(2, 1, 2, six, six, six));
      refused(
          "scoreFunctionBackward: rec [n*m] needs 2 elements, the buffer has 1",
          () ->
              backend
                  .latents()
                  .scoreFunctionBackward(1, 2, 1, six, six, six, six.slice(0, 1), 1, 1, six));
      refused("kl: d must be positive, was 0", () -> backend.latents().kl(1, 0, six, six));
      refused(
          "sgd: velocity [length] is null",
          () -> backend.optimizers().sgd(6, six, six, null, 0.1, 0.9, false, 0));
      refused(
          "adam: step must be positive, was 0",
          () -> backend.optimizers().adam(1, 0, six, six, six, six, 1, 0.9, 0.9, 1, 0));
      refused(
          "normals: out [n*draws,size] needs 8 elements, the buffer has 6",
          () -> backend.random().normals(0, 0, new int[2], 2, 2, 2, six));
      refused(
          "contrastive: temperature must be positive, was 0.0",
          () -> backend.losses().contrastive(1, 3, 0, six, six, 1, null));
      refused(
          "contrastive: z [2*pairs,features] needs 8 elements, the buffer has 6",
          () -> backend.losses().contrastive(2, 2, 1, six, six, 1, null));
      refused(
          "totalCorrelation: xi [n,d] needs 8 elements, the buffer has 6",
          () -> {
            try (Buffer h = backend.allocate(16)) {
              backend.latents().totalCorrelation(2, 4, h, six, new KlWeights(1, 1, 1), six);
            }
          });
      refused(
          "mask: p must be in [0, 1], was NaN",
          () -> backend.random().mask(0, 0, new int[1], 1, 6, Double.NaN, six, six));
      refused(
          "mask: x [n,size] needs 8 elements, the buffer has 6",
          () -> backend.random().mask(0, 0, new int[2], 2, 4, 0.5, six, six));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> backend.random().normals(0, 0, new int[1], 2, 1, 1, six));
      refused(
          "materialize: neither weight nor bias is wanted",
          () -> backend.gradients().materialize(1, 1, 1, 1, six, six, false, false, six, 1));
      refused(
          "materialize: ld=5 is less than its 6 columns",
          () -> backend.gradients().materialize(1, 1, 2, 2, six, six, true, true, six, 5));
      refused(
          "ghostProducts: deltaN [samples*rank,out] needs 8 elements, the buffer has 6",
          () ->
              backend
                  .gradients()
                  .ghostProducts(1, 1, 2, 2, 1, 2, six, six, six, six, true, true, 1, six, 2));
      var recurrent = backend.recurrent();
      refused(
          "lstmCellForward: ldGates=3 is less than its 4 columns",
          () -> recurrent.lstmCellForward(1, 1, six, 3, six, six, six, 1, six, 1, null, 1));
      refused(
          "lstmCellForward: bias [4H] needs 4 elements, the buffer has 3",
          () ->
              recurrent.lstmCellForward(
                  1, 1, six, 4, six.slice(0, 3), six, six, 1, six, 1, null, 1));
      refused(
          "lstmCellForward: next [rows,H] needs 7 elements, the buffer has 6",
          () -> {
            Buffer eight = arena.inOut("eight", arena.noise(8));
            recurrent.lstmCellForward(2, 1, eight, 4, six, null, six, 1, six, 1, six, 6);
          });
      refused(
          "lstmCellBackward: delta [rows,4H] is null",
          () -> recurrent.lstmCellBackward(1, 1, six, null, 4, null, six, 1, six, 1, six));
      refused(
          "rowDots: ld=2 is less than its 3 columns",
          () -> backend.gradients().rowDots(2, 3, six, six, 2, 1, six));
      arena.verify("refused calls");
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void buffersOfAnotherBackend(Backend backend) {
    try (Backend stranger = new EjmlBackend(1);
        Buffer foreign = stranger.allocate(6);
        Buffer own = backend.allocate(6)) {
      refused(
          "gemm: B is a buffer of backend ejml, not of this " + backend.name(),
          () -> backend.dense().gemm(false, false, 1, 1, 1, 1, own, 1, foreign, 1, 0, own, 1));
      refused(
          "klBackward: dH is a buffer of backend ejml, not of this " + backend.name(),
          () -> backend.latents().klBackward(1, 1, own, own, foreign));
      refused(
          "copyFrom: source of 6 elements on ejml, target of 6 on " + backend.name(),
          () -> own.copyFrom(foreign));
    }
  }

  /** Sizes whose product overflows an int, or a long, are seen as what they are. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void hugeSizes(Backend backend) {
    try (Buffer one = backend.allocate(1)) {
      refused(
          "linearBackwardInput: delta [rows,out] needs 4294967296 elements, the buffer has 1",
          () -> backend.dense().linearBackwardInput(65536, 1, 65536, one, one, one));
      assertThrows(
          ArithmeticException.class,
          () ->
              backend
                  .dense()
                  .gemmStridedBatched(
                      false,
                      false,
                      1,
                      1,
                      1,
                      1,
                      one,
                      1,
                      Long.MAX_VALUE,
                      one,
                      1,
                      0,
                      0,
                      one,
                      1,
                      1,
                      3));
    }
  }
}
