package latentrace.kernels.cuda;

import jcuda.Pointer;
import jcuda.jcurand.JCurand;
import jcuda.jcurand.curandGenerator;
import jcuda.jcurand.curandRngType;
import jcuda.runtime.cudaStream_t;
import latentrace.backend.BackendException;
import latentrace.backend.Cleanup;

/**
 * Normals by cuRAND's Philox4x32-10 on the backend's stream. Step t begins at position t·2³² of the
 * seed's sequence, so that a run that is resumed gets what it would have got.
 */
final class Curand implements AutoCloseable {
  private static final int LOG_STEP = 32;

  private final Context context;
  private final curandGenerator generator = new curandGenerator();
  private final Cleanup cleanup = new Cleanup();

  /**
   * Makes the generator.
   *
   * @throws BackendException if there is no cuRAND
   */
  Curand(Context context) {
    this.context = context;
    String missing = Natives.load(Natives.Library.CURAND);
    if (missing != null) {
      throw new BackendException("cuda: " + missing);
    }
    context.enter();
    try {
      Status.curand(
          JCurand.curandCreateGenerator(generator, curandRngType.CURAND_RNG_PSEUDO_PHILOX4_32_10),
          "curandCreateGenerator");
      cleanup.add(() -> JCurand.curandDestroyGenerator(generator));
      Status.curand(
          JCurand.curandSetStream(generator, new cudaStream_t(context.stream)), "curandSetStream");
    } catch (RuntimeException e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  /**
   * Queues the first {@code count} normals of a step.
   *
   * @param count even: cuRAND makes them in pairs
   */
  void normals(long seed, long step, long count, Pointer target) {
    context.enter();
    Status.curand(
        JCurand.curandSetPseudoRandomGeneratorSeed(generator, seed),
        "curandSetPseudoRandomGeneratorSeed");
    Status.curand(
        JCurand.curandSetGeneratorOffset(generator, step << LOG_STEP), "curandSetGeneratorOffset");
    Status.curand(
        JCurand.curandGenerateNormal(generator, target, count, 0, 1),
        "curandGenerateNormal of %d".formatted(count));
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
