package latentrace.experiment;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import latentrace.data.AtomicFiles;
import latentrace.data.ColourGenerator;
import latentrace.data.Dataset;
import latentrace.data.Datasets;
import latentrace.data.DigitsGenerator;
import latentrace.data.Dsprites;
import latentrace.data.DspritesGenerator;
import latentrace.data.HeartbeatsGenerator;
import latentrace.data.InputException;

/**
 * The experiments' data: files of a folder, by their usual names, plain or gzip; what stands in for
 * those that are not there is said in a note.
 */
final class ExperimentData {
  private static final int GENERATED_TRAIN = 2000;
  private static final int GENERATED_TEST = 400;
  private static final int GENERATED_BEATS = 600;
  private static final int GENERATED_STEPS = 40;
  private static final int SIDE = 64;
  private static final int AIRPLANE = 0;

  private final Path folder;
  private final long seed;

  /**
   * Samples, and what they stand in for.
   *
   * @param data them
   * @param note a sentence, or null if they are the official ones
   */
  record Source(Dataset data, String note) {
    /** At most so many of them, from the first on. */
    Source first(int count) {
      return new Source(data.range(0, Math.min(count, data.count())), note);
    }

    Source resized() {
      return new Source(data.resized(SIDE, SIDE), note);
    }

    /** Those of one label. */
    Source of(int label) {
      int[] positions =
          IntStream.range(0, data.count()).filter(i -> data.label(i) == label).toArray();
      if (positions.length == 0) {
        throw new InputException("%s: no sample of class %d".formatted(data.name(), label));
      }
      return new Source(data.select(positions), note);
    }
  }

  /**
   * Nothing is read yet.
   *
   * @param folder null for built-in data only
   * @param seed of built-in data
   */
  ExperimentData(Path folder, long seed) {
    if (folder != null && !Files.isDirectory(folder)) {
      throw new InputException("--data: %s: no such folder".formatted(folder));
    }
    this.folder = folder;
    this.seed = seed;
  }

  /** The first file of these names, plain or .gz; null if none is there. */
  private Path find(String... names) {
    for (String name : names) {
      for (String ending : List.of("", ".gz")) {
        Path file = folder == null ? null : folder.resolve(name + ending);
        if (file != null && Files.isRegularFile(file)) {
          return file;
        }
      }
    }
    return null;
  }

  private Path matching(String glob) {
    if (folder == null) {
      return null;
    }
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
      files.forEach(found::add);
    } catch (IOException e) {
      throw new InputException("--data: %s: %s".formatted(folder, AtomicFiles.reason(e)), e);
    }
    return found.stream().sorted().findFirst().orElse(null);
  }

  /** MNIST's training set. */
  Source mnist() {
    Path images = find("train-images-idx3-ubyte", "train-images.idx3-ubyte");
    return images == null
        ? generatedDigits(GENERATED_TRAIN, seed)
        : new Source(
            Datasets.read(images, find("train-labels-idx1-ubyte", "train-labels.idx1-ubyte")),
            null);
  }

  /** MNIST's test set. */
  Source mnistTest() {
    Path images = find("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte");
    return images == null
        ? generatedDigits(GENERATED_TEST, seed + 1)
        : new Source(
            Datasets.read(images, find("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte")), null);
  }

  private static Source generatedDigits(int count, long seed) {
    return new Source(
        DigitsGenerator.digits(count, seed), "Built-in generated digits stand in for MNIST.");
  }

  /** The images hidden in MNIST: EMNIST letters. */
  Source emnist() {
    Path official = find("emnist-letters-train-images-idx3-ubyte");
    if (official != null) {
      return new Source(Datasets.read(official, null), null);
    }
    Path subset = find("emnist-letters-subset-images-idx3-ubyte");
    return subset != null
        ? new Source(
            Datasets.read(subset, null),
            "Letters of the EMNIST Balanced split stand in for EMNIST Letters.")
        : new Source(
            DigitsGenerator.letters(GENERATED_TRAIN, seed),
            "Built-in generated letters stand in for EMNIST.");
  }

  /** ECG5000's training and test set together, as the archive has them. */
  Source heartbeats() {
    Path train = find("ECG5000_TRAIN.txt");
    Path test = find("ECG5000_TEST.txt");
    return train == null || test == null
        ? new Source(
            HeartbeatsGenerator.beats(GENERATED_BEATS, GENERATED_STEPS, seed),
            "Built-in generated heartbeats stand in for ECG5000.")
        : new Source(
            Dataset.concat("ecg5000", Datasets.read(train, null), Datasets.read(test, null)), null);
  }

  /** CIFAR-10's training set, [3,64,64]. */
  Source cifar() {
    return cifarTrain().resized();
  }

  /** CIFAR-10's training set, [3,32,32]. */
  Source cifarTrain() {
    Dataset all = null;
    for (int batch = 1; batch <= 5; batch++) {
      Path file = find("data_batch_%d.bin".formatted(batch));
      if (file == null) {
        all = null;
        break;
      }
      Dataset part = Datasets.read(file, null);
      all = all == null ? part : Dataset.concat("cifar10-train", all, part);
    }
    if (all != null) {
      return new Source(all, null);
    }
    Path balanced = matching("cifar10-balanced-train*.bin*");
    if (balanced == null) {
      return generatedColours(GENERATED_TRAIN, seed);
    }
    Dataset part = Datasets.read(balanced, null);
    return new Source(
        part, "%,d images of CIFAR-10 stand in for its 50,000.".formatted(part.count()));
  }

  /** Whether CIFAR-100 is there; nothing stands in for it. */
  boolean hasCifar100() {
    return cifar100(true) != null && cifar100(false) != null;
  }

  private Path cifar100(boolean train) {
    String name = train ? "train.bin" : "test.bin";
    return find("cifar-100-binary/" + name, name);
  }

  /** CIFAR-100's training set, [3,32,32], fine labels, if it is there. */
  Source cifar100Train() {
    return new Source(Datasets.read(cifar100(true), null), null);
  }

  /** CIFAR-100's test set, [3,32,32], fine labels, if it is there. */
  Source cifar100Test() {
    return new Source(Datasets.read(cifar100(false), null), null);
  }

  /** Images of dSprites in random order, [1,64,64]. */
  Source sprites(int count) {
    Path file = matching("dsprites*.npz");
    return file != null
        ? new Source(Dsprites.read(file, count, seed), null)
        : new Source(
            DspritesGenerator.generate(count, seed),
            "Images drawn by dSprites' recipe stand in for its file.");
  }

  private static Source generatedColours(int count, long seed) {
    return new Source(
        ColourGenerator.digits(count, seed),
        "Built-in generated digits in colour stand in for CIFAR-10.");
  }

  /** CIFAR-10's test set, [3,64,64]. */
  Source cifarTest() {
    return cifarTestImages().resized();
  }

  /** CIFAR-10's test set, [3,32,32]. */
  Source cifarTestImages() {
    Path official = find("test_batch.bin");
    if (official != null) {
      return new Source(Datasets.read(official, null), null);
    }
    Path subset = matching("cifar10-test*.bin*");
    if (subset == null) {
      return generatedColours(GENERATED_TEST, seed + 1);
    }
    Dataset part = Datasets.read(subset, null);
    return new Source(
        part, "Test samples are from %,d of CIFAR-10's 10,000.".formatted(part.count()));
  }

  /** The training images of one class, [3,64,64]. */
  Source subclass(int label) {
    Path airplanes = find("cifar10-airplane-train.bin");
    Source all = cifarTrain();
    if (label == AIRPLANE && all.note() != null && airplanes != null) {
      return new Source(Datasets.read(airplanes, null), null).resized();
    }
    Source some = all.of(label);
    boolean subset = all.note() != null && matching("cifar10-balanced-train*.bin*") != null;
    return new Source(
            some.data(),
            subset
                ? "%,d images a class stand in for CIFAR-10's 5,000.".formatted(some.data().count())
                : some.note())
        .resized();
  }

  /** The test images of one class, [3,64,64]. */
  Source subclassTest(int label) {
    return cifarTestImages().of(label).resized();
  }

  /** The images hidden in CIFAR-10: CelebA, a folder of that name, [3,64,64]. */
  Source celeba() {
    Path images = folder == null ? null : folder.resolve("celeba");
    if (images != null && Files.isDirectory(images)) {
      return new Source(Datasets.read(images, null).resized(SIDE, SIDE), null);
    }
    return new Source(
        ColourGenerator.letters(GENERATED_TRAIN, seed).resized(SIDE, SIDE),
        "Built-in generated letters in colour stand in for CelebA (a folder celeba of images in"
            + " --data takes their place).");
  }

  /** The notes that are there, each once. */
  static List<String> notes(Source... sources) {
    return java.util.Arrays.stream(sources)
        .map(Source::note)
        .filter(Objects::nonNull)
        .distinct()
        .toList();
  }
}
