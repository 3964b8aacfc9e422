package latentrace.attribution;

/**
 * Samples that are worked on together.
 *
 * @param values [count,D], row-major
 * @param indices their positions in their file, by which random numbers are keyed
 * @param count how many
 * @param size D
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of bulk data, never compared
public record Samples(float[] values, int[] indices, int count, int size) {
  /** Where a sample begins. */
  int at(int sample) {
    return sample * size;
  }
}
