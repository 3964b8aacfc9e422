package latentrace.backend;

/**
 * How an image is enlarged from a size to an outSize, along each axis; as PyTorch's {@code
 * Upsample} without aligned corners. An output is (1 − λ)·x[lower] + λ·x[upper].
 */
public enum Upsampling {
  /** lower = upper = ⌊o·size/outSize⌋. */
  NEAREST {
    @Override
    public int lower(int o, int size, int outSize) {
      return (int) ((long) o * size / outSize);
    }

    @Override
    public int upper(int o, int size, int outSize) {
      return lower(o, size, outSize);
    }

    @Override
    public double lambda(int o, int size, int outSize) {
      return 0;
    }
  },
  /**
   * Around s = max(0, (o + ½)·size/outSize − ½): lower = ⌊s⌋, upper = lower + 1 inside the image.
   */
  BILINEAR {
    private double source(int o, int size, int outSize) {
      return Math.max(0, (o + 0.5) * size / outSize - 0.5);
    }

    @Override
    public int lower(int o, int size, int outSize) {
      return (int) source(o, size, outSize);
    }

    @Override
    public int upper(int o, int size, int outSize) {
      return Math.min(lower(o, size, outSize) + 1, size - 1);
    }

    @Override
    public double lambda(int o, int size, int outSize) {
      return source(o, size, outSize) - lower(o, size, outSize);
    }
  };

  /** First source of output {@code o}. */
  public abstract int lower(int o, int size, int outSize);

  /** Second source of output {@code o}. */
  public abstract int upper(int o, int size, int outSize);

  /** λ, the second source's weight. */
  public abstract double lambda(int o, int size, int outSize);
}
