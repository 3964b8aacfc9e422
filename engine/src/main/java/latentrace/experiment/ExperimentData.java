package latentrace.experiment;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import latentrace.data.Dataset;
import latentrace.data.Datasets;
import latentrace.data.DigitsGenerator;
import latentrace.data.DspritesGenerator;
import latentrace.data.InputException;

/**
 * The papers' data, found by their usual names in a folder, or what stands in for them. Every data
 * set comes with a note that says which.
 */
public final class ExperimentData {
  private static final long SEED = 1;
  private static final int SIDE = 64;
  private static final int CLASSES = 10;

  /**
   * A data set.
   *
   * @param data samples
   * @param note what it is where it is not what the paper took, or null
   */
  public record Source(Dataset data, String note) {}

  private final Path folder;

  /**
   * Data of a folder.
   *
   * @param folder null for built-in data alone
   * @throws InputException if it is not a folder
   */
  public ExperimentData(Path folder) {
    if (folder != null && !Files.isDirectory(folder)) {
      throw new InputException("--data: %s: no such folder".formatted(folder));
    }
    this.folder = folder;
  }

  /** The file of a name, plain or gzip; null if there is none. */
  private Path find(String name) {
    for (String ending : List.of("", ".gz")) {
      Path file = folder == null ? null : folder.resolve(name + ending);
      if (file != null && Files.isRegularFile(file)) {
        return file;
      }
    }
    return null;
  }

  private Dataset read(String images, String labels) {
    Path file = find(images);
    Path beside = labels == null ? null : find(labels);
    return file == null ? null : Datasets.read(file, beside);
  }

  private static Dataset head(Dataset data, int most) {
    return data.count() <= most ? data : data.range(0, most);
  }

  /** MNIST's training digits, or generated ones. */
  public Source digits(int most) {
    Dataset mnist = read("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    return mnist == null
        ? new Source(
            DigitsGenerator.digits(Math.min(most, 4000), SEED),
            "generated digits in place of MNIST")
        : new Source(
            head(mnist, most),
            most < mnist.count() ? "the first %,d of MNIST".formatted(most) : null);
  }

  /** MNIST's test digits, or generated ones that are not among {@link #digits}. */
  public Source testDigits(int most) {
    Dataset mnist = read("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    return mnist == null
        ? new Source(DigitsGenerator.digits(most, SEED + 1), null)
        : new Source(head(mnist, most), null);
  }

  /** EMNIST letters, or what of them there is, or generated ones. */
  public Source letters(int most) {
    Dataset official = read("emnist-letters-train-images-idx3-ubyte", null);
    if (official != null) {
      return new Source(head(official, most), null);
    }
    Dataset subset = read("emnist-letters-subset-images-idx3-ubyte", null);
    return subset == null
        ? new Source(DigitsGenerator.letters(most, SEED), "generated letters in place of EMNIST")
        : new Source(
            head(subset, most),
            "%,d letters of EMNIST Balanced in place of the first of EMNIST Letters"
                .formatted(Math.min(most, subset.count())));
  }

  /** CIFAR-10's training images at 64×64, or what of them there is, or dSprites. */
  public Source images(int most) {
    Dataset all = null;
    for (int batch = 1; batch <= 5; batch++) {
      Dataset next = read("data_batch_%d.bin".formatted(batch), null);
      if (next != null) {
        all = all == null ? next : Dataset.concat("CIFAR-10", all, next);
      }
    }
    String note = null;
    if (all == null) {
      all = read("cifar10-balanced-train5000.bin", null);
      note = "of each class of CIFAR-10 the first 500 in place of 5,000";
    }
    if (all == null) {
      return new Source(
          DspritesGenerator.generate(Math.min(most, 400), SEED), "dSprites in place of CIFAR-10");
    }
    if (most < all.count()) {
      note = "%,d images of CIFAR-10".formatted(most);
      all = spread(all, most);
    }
    return new Source(all.resized(SIDE, SIDE), note);
  }

  /** Evenly spaced samples, in order. */
  private static Dataset spread(Dataset data, int count) {
    return data.select(
        IntStream.range(0, count).map(i -> (int) ((long) i * data.count() / count)).toArray());
  }

  /** One class of CIFAR-10 at 64×64. */
  public Source imageClass(int label, int most) {
    if (label == 0) {
      Dataset airplanes = read("cifar10-airplane-train.bin", null);
      if (airplanes != null) {
        return new Source(
            head(airplanes, most).resized(SIDE, SIDE),
            most < airplanes.count() ? "the first %,d airplanes".formatted(most) : null);
      }
    }
    Source all = images(Integer.MAX_VALUE);
    int[] members =
        IntStream.range(0, all.data().count())
            .filter(i -> all.data().hasLabels() && all.data().label(i) % CLASSES == label)
            .limit(most)
            .toArray();
    if (members.length < 2) {
      return null;
    }
    return new Source(all.data().select(members), all.note());
  }

  /**
   * Test images at 64×64.
   *
   * @param label of the class wanted, or -1 for all
   * @param like what they are tests for
   */
  public Source testImages(int label, int most, Dataset like) {
    Dataset all = read("test_batch.bin", null);
    String note = null;
    if (all == null) {
      all = read("cifar10-test1000.bin", null);
      note = "tests from CIFAR-10's first 1,000 test images";
    }
    if (all == null || like.sampleShape()[0] != all.sampleShape()[0]) {
      return new Source(
          like.range(Math.max(0, like.count() - most), most), "tests are training images");
    }
    Dataset read = all;
    int[] members =
        IntStream.range(0, read.count())
            .filter(i -> label < 0 || read.label(i) == label)
            .limit(most)
            .toArray();
    return new Source(read.select(members).resized(SIDE, SIDE), note);
  }

  /** Images of something else than CIFAR-10, at 64×64 with the channels of {@code like}. */
  public Source foreignImages(int most, Dataset like) {
    Dataset letters = letters(most).data().resized(SIDE, SIDE);
    int channels = like.sampleShape()[0];
    int size = SIDE * SIDE;
    if (like.isBytes()) {
      byte[] bytes = new byte[letters.count() * channels * size];
      for (int i = 0; i < letters.count(); i++) {
        for (int c = 0; c < channels; c++) {
          letters.copyBytes(i, bytes, (i * channels + c) * size);
        }
      }
      return new Source(
          Dataset.ofBytes("letters", new int[] {channels, SIDE, SIDE}, bytes, null),
          "letters in place of CelebA, which may not be passed on");
    }
    throw new InputException(like.name() + ": expected images of bytes");
  }

  /** All notes that are not null. */
  static List<String> notes(Source... sources) {
    List<String> notes = new ArrayList<>();
    for (Source source : sources) {
      if (source.note() != null) {
        notes.add(source.note());
      }
    }
    return notes;
  }
}
