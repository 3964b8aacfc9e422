package latentrace.experiment;

import java.nio.file.Path;
import java.util.Map;

/**
 * Work whose result is a folder of files, found again by everything it depends on.
 *
 * @param <T> what is read from the folder
 */
interface Stage<T> {
  /** What it does, one word: the folder's name begins with it. */
  String kind();

  /** Raised when the same settings begin to give other numbers. */
  int version();

  /** What is under way, for people. */
  String title();

  /**
   * Everything the result depends on: settings, hashes of the data, keys of other stages; what JSON
   * can hold.
   */
  Map<String, Object> identity();

  /** Leaves the result in a folder, which may hold what an earlier try has done. */
  void make(Path folder, Lab lab);

  /** The result. */
  T read(Path folder);
}
