package latentrace.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;

/**
 * One model's weights in a file of another program: PyTorch's zip format, or safetensors.
 *
 * @param path the file
 * @param state where in the file they are, e.g. model_states.net; may be empty
 * @param iteration of training
 * @param shapes of the tensors by name, in the file's order; counts of batches are left out
 * @param values of a tensor by name
 */
record WeightFile(
    Path path,
    String state,
    long iteration,
    Map<String, List<Integer>> shapes,
    Function<String, Safetensors.Tensor> values) {
  private static final Pattern NUMBERS = Pattern.compile("\\d+");
  private static final int LONGEST_ITERATION = 18;

  /** BatchNorm's count of batches, which no function of the model depends on. */
  private static final String COUNT_OF_BATCHES = "num_batches_tracked";

  /** What is done with an open file. */
  @FunctionalInterface
  interface Use<T> {
    T of(WeightFile file);
  }

  /**
   * Opens a file, hands it to {@code use} and closes it.
   *
   * @param wanted where in the file the weights are; null if there is only one place
   * @throws InputException if the file is damaged, refused, or has no weights there
   */
  static <T> T with(Path path, String wanted, Use<T> use) {
    if (!Files.isRegularFile(path)) {
      throw new InputException(path + ": no such file");
    }
    if (!isTorch(path)) {
      return use.of(ofSafetensors(path));
    }
    try (TorchFile file = TorchFile.open(path)) {
      Map<String, Map<String, Pickle.View>> states = file.states();
      String place = choose(path, states, wanted);
      Map<String, Pickle.View> views = states.get(place);
      Map<String, List<Integer>> shapes = new LinkedHashMap<>();
      views.forEach(
          (name, view) -> {
            file.entry(name, view);
            shapes.put(name, view.shape());
          });
      long iteration = file.iteration() >= 0 ? file.iteration() : iterationOf(path);
      return use.of(
          new WeightFile(
              path, place, iteration, withoutCounts(shapes), n -> file.tensor(n, views.get(n))));
    }
  }

  private static boolean isTorch(Path path) {
    if (path.toString().endsWith(".safetensors")) {
      return false;
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] start = in.readNBytes(4);
      // a header of less than 16 MiB has a zero here, which no zip and no pickle has
      return start.length < 4 || start[3] != 0 || (start[0] & 0xff) == 0x80;
    } catch (IOException e) {
      throw new InputException(path + ": " + AtomicFiles.reason(e), e);
    }
  }

  private static WeightFile ofSafetensors(Path path) {
    Safetensors.Contents contents = Safetensors.read(path);
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    contents.tensors().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    String iteration = contents.metadata().getOrDefault("iteration", "");
    boolean known = iteration.matches("\\d{1," + LONGEST_ITERATION + "}");
    return new WeightFile(
        path,
        "",
        known ? Long.parseLong(iteration) : iterationOf(path),
        withoutCounts(shapes),
        contents.tensors()::get);
  }

  private static Map<String, List<Integer>> withoutCounts(Map<String, List<Integer>> shapes) {
    shapes.keySet().removeIf(name -> last(name).equals(COUNT_OF_BATCHES));
    return shapes;
  }

  /** The last number in the file's name. */
  private static long iterationOf(Path path) {
    String name = path.getFileName().toString();
    int dot = name.lastIndexOf('.');
    Matcher numbers = NUMBERS.matcher(dot > 0 ? name.substring(0, dot) : name);
    String found = "";
    while (numbers.find()) {
      found = numbers.group();
    }
    if (found.isEmpty() || found.length() > LONGEST_ITERATION) {
      throw new InputException(
          path + ": no iteration in it (iter) nor in its name, expected such as 50000.pt");
    }
    return Long.parseLong(found);
  }

  private static String choose(
      Path path, Map<String, Map<String, Pickle.View>> states, String wanted) {
    if (wanted != null) {
      if (!states.containsKey(wanted)) {
        throw new InputException(
            "%s: no tensors at %s, found %s".formatted(path, wanted, listed(states)));
      }
      return wanted;
    }
    int most = states.values().stream().mapToInt(Map::size).max().orElse(0);
    List<String> largest =
        states.keySet().stream().filter(s -> states.get(s).size() == most).toList();
    if (largest.isEmpty()) {
      throw new InputException(path + ": no dict of tensors in it, expected a state_dict");
    }
    if (largest.size() > 1) {
      throw new InputException(
          "%s: %s have as many tensors: choose with --state".formatted(path, listed(states)));
    }
    return largest.get(0);
  }

  private static String listed(Map<String, Map<String, Pickle.View>> states) {
    return states.isEmpty()
        ? "none"
        : states.keySet().stream()
            .limit(8)
            .map(s -> s.isEmpty() ? "(the top)" : InputException.printable(s))
            .collect(Collectors.joining(", "));
  }

  /** The names as in the file. */
  List<String> inOrder() {
    return List.copyOf(shapes.keySet());
  }

  /**
   * The names by module, encoder first, numbers as numbers, weight before bias: safetensors and
   * sorted dicts forget the order of the layers.
   */
  List<String> inNaturalOrder() {
    Map<String, String> byKey = new TreeMap<>();
    for (String name : shapes.keySet()) {
      String last = last(name);
      String module = name.substring(0, name.length() - last.length());
      String part = module.contains("enc") ? "0" : module.contains("dec") ? "1" : "2";
      StringBuilder key = new StringBuilder(part);
      Matcher numbers = NUMBERS.matcher(module);
      while (numbers.find()) {
        String padded = "0".repeat(Math.max(0, 20 - numbers.group().length())) + numbers.group();
        numbers.appendReplacement(key, padded);
      }
      numbers.appendTail(key);
      int rank = List.of("weight", "bias", "running_mean", "running_var").indexOf(last);
      byKey.put(key + " " + (rank < 0 ? 9 : rank) + last, name);
    }
    return new ArrayList<>(byKey.values());
  }

  /** The last part of a dotted name. */
  static String last(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
