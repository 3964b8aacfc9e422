package latentrace.nn;

import latentrace.backend.Buffer;

/**
 * The time steps of sequences [rows,T,size], each as the slice that begins at its first row. They
 * are made again only when other sequences come.
 */
final class Steps {
  private final Buffer[] steps;
  private final long size;
  private Buffer sequences;

  Steps(int steps, long size) {
    this.steps = new Buffer[steps];
    this.size = size;
  }

  /** Step {@code t}: rows of {@code size}, T·size apart. */
  Buffer at(int t, Buffer of) {
    if (sequences != of) {
      sequences = of;
      for (int s = 0; s < steps.length; s++) {
        steps[s] = of.slice(s * size);
      }
    }
    return steps[t];
  }
}
