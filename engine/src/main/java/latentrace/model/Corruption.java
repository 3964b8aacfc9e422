package latentrace.model;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Cleanup;
import latentrace.backend.Philox;

/**
 * What a {@link Pretext} task does to the input of a training step, by the noise contract: normals
 * of {@link Philox#ROLE_TRAINING}, masks of {@link Philox#ROLE_MASK}, both keyed by step and place
 * in the batch.
 */
final class Corruption implements AutoCloseable {
  private final Backend backend;
  private final Pretext pretext;
  private final int size;
  private final Buffer corrupted;
  private final Buffer noise;
  private final Buffer one;
  private final Cleanup cleanup = new Cleanup();

  /**
   * Memory for up to {@code capacity} samples.
   *
   * @param pretext a task that corrupts
   * @param size values per sample
   */
  Corruption(Backend backend, Pretext pretext, int capacity, int size) {
    this.backend = backend;
    this.pretext = pretext;
    this.size = size;
    boolean normal = pretext.task() == Pretext.Task.DENOISING;
    try {
      corrupted = allocate((long) capacity * size);
      noise = normal ? allocate((long) capacity * size) : null;
      one = normal ? allocate(1) : null;
      if (normal) {
        one.fill(1);
      }
    } catch (RuntimeException | Error e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  private Buffer allocate(long length) {
    return cleanup.add(backend.allocate(length), Buffer::close);
  }

  /**
   * A batch as a training step reads it.
   *
   * @param places [≥ count], of the samples in the batch
   * @param x [count,size], read
   * @return [count,size], this object's until the next call
   */
  Buffer apply(long seed, long step, int[] places, int count, Buffer x) {
    long key = Philox.trainingKey(seed, step);
    if (pretext.task() == Pretext.Task.INPAINTING) {
      int stream = Philox.stream(Philox.ROLE_MASK, 0);
      backend.random().mask(key, stream, places, count, size, pretext.strength(), x, corrupted);
      return corrupted;
    }
    int length = count * size;
    int stream = Philox.stream(Philox.ROLE_TRAINING, 0);
    backend.random().normals(key, stream, places, count, 1, size, noise);
    corrupted.copyFrom(x);
    double sigma = pretext.strength();
    backend
        .dense()
        .gemm(false, false, 1, length, 1, sigma, one, 1, noise, length, 1, corrupted, length);
    return corrupted;
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
