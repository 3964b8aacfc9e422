package latentrace.experiment;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import latentrace.data.Npy;
import latentrace.data.NpyMatrix;

/**
 * A stage whose result is one matrix, computed at a stroke.
 *
 * @param kind one word
 * @param title what is under way
 * @param identity everything that the matrix depends on
 * @param work makes its rows, at least one, all of one length
 */
record MatrixStage(
    String kind, String title, Map<String, Object> identity, Supplier<float[][]> work)
    implements Stage<NpyMatrix> {
  private static final String FILE = "matrix.npy";

  @Override
  public int version() {
    return 1;
  }

  @Override
  public void make(Path folder, Lab lab) {
    float[][] rows = work.get();
    Npy.writeFloats(
        folder.resolve(FILE),
        new long[] {rows.length, rows[0].length},
        (i, row) -> System.arraycopy(rows[Math.toIntExact(i)], 0, row, 0, row.length));
  }

  @Override
  public NpyMatrix read(Path folder) {
    return NpyMatrix.open(folder.resolve(FILE));
  }
}
