package latentrace.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import latentrace.data.ClustersGenerator;
import latentrace.data.Dataset;
import latentrace.data.Datasets;
import latentrace.data.DigitsGenerator;
import latentrace.data.DspritesGenerator;
import latentrace.data.Idx;
import latentrace.data.InputException;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.data.Npz;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "data",
    description = "Makes built-in data sets and looks into data files.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DataCommand.Generate.class, DataCommand.Inspect.class})
final class DataCommand implements Runnable {
  @CommandLine.Spec private CommandSpec spec;

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  /** The built-in data sets. */
  enum Kind {
    DIGITS,
    LETTERS,
    DSPRITES,
    CLUSTERS
  }

  @Command(
      name = "generate",
      description = {
        "Writes a built-in data set with labels; sample i depends on the seed and i only.",
        "digits: 28x28 handwritten-like digits. letters: the same, letters. dsprites: 64x64"
            + " shapes by the published recipe. clusters: the paper's six Gaussian clusters in 2-D."
      },
      mixinStandardHelpOptions = true)
  static final class Generate implements Callable<Integer> {
    @Parameters(paramLabel = "KIND", description = "digits, letters, dsprites or clusters")
    private Kind kind;

    @Option(names = "--count", required = true, paramLabel = "N", description = "samples")
    private int count;

    @Option(
        names = "--seed",
        paramLabel = "S",
        defaultValue = "0",
        description = "Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
        names = "--out",
        required = true,
        paramLabel = "FILE",
        description =
            "NAME.npz (samples and labels), NAME.npy (samples), or NAME.idx[.gz] with"
                + " NAME-labels.idx[.gz] beside it")
    private Path out;

    @Option(names = "--quiet", description = "print nothing")
    private boolean quiet;

    @CommandLine.Spec private CommandSpec spec;

    @Override
    public Integer call() {
      if (count < 1) {
        throw new InputException("--count: found %d, expected at least 1".formatted(count));
      }
      int most = kind == Kind.DSPRITES ? Integer.MAX_VALUE / 4096 : Integer.MAX_VALUE / 784;
      if (count > most) {
        throw new InputException(
            "--count: found %d, expected at most %d, what one array holds".formatted(count, most));
      }
      Outputs.requireFile("--out", out, ".npz", ".npy", ".idx", ".idx.gz");
      String name = out.getFileName().toString();
      boolean npy = name.endsWith(".npy");
      boolean idx = !npy && !name.endsWith(".npz");
      Dataset data =
          switch (kind) {
            case DIGITS -> DigitsGenerator.digits(count, seed);
            case LETTERS -> DigitsGenerator.letters(count, seed);
            case DSPRITES -> DspritesGenerator.generate(count, seed);
            case CLUSTERS -> ClustersGenerator.points(count, seed);
          };
      if (idx) {
        Idx.write(out, data);
        Idx.writeLabels(
            out.resolveSibling(name.replaceFirst("\\.idx", "-labels.idx")), data.labels());
      } else if (npy) {
        Npy.write(out, toArray(data));
      } else {
        Map<String, NpyArray> arrays = new LinkedHashMap<>();
        arrays.put("images", toArray(data));
        arrays.put("labels", NpyArray.ofInts(data.labels(), data.count()));
        Npz.write(out, arrays);
      }
      if (!quiet) {
        spec.commandLine().getOut().printf("%s: %s%n", out, describe(data));
      }
      return Main.OK;
    }
  }

  private static String describe(Dataset data) {
    return "%d samples of %s".formatted(data.count(), Arrays.toString(data.sampleShape()));
  }

  /** Bytes stay bytes, floats floats. */
  private static NpyArray toArray(Dataset data) {
    int[] shape = new int[data.sampleShape().length + 1];
    shape[0] = data.count();
    System.arraycopy(data.sampleShape(), 0, shape, 1, shape.length - 1);
    int size = data.sampleSize();
    float[] values = new float[Math.multiplyExact(data.count(), size)];
    for (int i = 0; i < data.count(); i++) {
      data.copySample(i, values, i * size);
    }
    if (!data.isBytes()) {
      return NpyArray.ofFloats(values, shape);
    }
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Math.round(values[i] * 255);
    }
    return NpyArray.ofBytes(bytes, shape);
  }

  @Command(
      name = "inspect",
      description = "Reads a whole data file or image folder and says what is in it.",
      mixinStandardHelpOptions = true)
  static final class Inspect implements Callable<Integer> {
    @Parameters(
        paramLabel = "FILE",
        description =
            "IDX, .npy, .npz, CIFAR binary (.bin), UCR text (.txt, .tsv, .csv), plain or .gz, or a"
                + " folder of images")
    private Path file;

    @Option(names = "--labels", paramLabel = "FILE", description = "labels: IDX, .npy or text")
    private Path labels;

    @Mixin private ImageSize size;

    @CommandLine.Spec private CommandSpec spec;

    @Override
    public Integer call() {
      Dataset data = size.apply(Datasets.read(file, labels));
      PrintWriter out = spec.commandLine().getOut();
      double min = Double.POSITIVE_INFINITY;
      double max = Double.NEGATIVE_INFINITY;
      double sum = 0;
      for (int i = 0; i < data.count(); i++) {
        for (float value : data.sample(i)) {
          min = Math.min(min, value);
          max = Math.max(max, value);
          sum += value;
        }
      }
      out.printf("%s%n", file);
      out.printf("  samples  %d%n", data.count());
      out.printf(
          "  shape    %s, %d values, stored as %s%n",
          Arrays.toString(data.sampleShape()),
          data.sampleSize(),
          data.isBytes() ? "bytes (value = byte / 255)" : "floats");
      out.printf(
          Locale.ROOT,
          "  values   %.6g to %.6g, mean %.6g%n",
          min,
          max,
          sum / data.count() / data.sampleSize());
      if (data.hasLabels()) {
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int label : data.labels()) {
          counts.merge(label, 1, Integer::sum);
        }
        out.printf("  labels   %s%n", counts.toString().replace("=", ": "));
      } else {
        out.printf("  labels   none%n");
      }
      out.printf("  sha256   %s (of shape, values and labels, not of the file)%n", data.hash());
      return Main.OK;
    }
  }
}
