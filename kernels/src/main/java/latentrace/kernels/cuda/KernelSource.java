package latentrace.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.backend.BackendException;

/**
 * CUDA source: one unit and what it includes, and the signatures of the kernels in it.
 *
 * @param unit file name of the translation unit
 * @param files every file by its name, the unit first
 */
record KernelSource(String unit, Map<String, String> files) {
  private static final String UNIT = "latentrace.cu";
  private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"([^\"]+)\"");
  private static final Pattern KERNEL =
      Pattern.compile("extern \"C\" __global__ void (\\w+)\\(([^)]*)\\)");

  /** What a kernel takes in one argument. */
  enum Kind {
    POINTER,
    INT,
    LONG,
    FLOAT,
    DOUBLE
  }

  /** A kernel's argument. */
  record Parameter(String name, Kind kind) {
    static Parameter parse(String declaration) {
      String[] words = declaration.replace("*", " * ").trim().split("\\s+");
      String name = words[words.length - 1];
      List<String> type = Arrays.asList(words).subList(0, words.length - 1);
      if (type.contains("*")) {
        return new Parameter(name, Kind.POINTER);
      }
      return new Parameter(
          name,
          switch (String.join(" ", type)) {
            case "int" -> Kind.INT;
            case "long long" -> Kind.LONG;
            case "float" -> Kind.FLOAT;
            case "double" -> Kind.DOUBLE;
            default -> throw new BackendException("cuda: no kernel may take a " + declaration);
          });
    }
  }

  /** The kernels that the backend uses. */
  static KernelSource load() {
    Map<String, String> files = new LinkedHashMap<>();
    collect(UNIT, files);
    return new KernelSource(UNIT, files);
  }

  private static void collect(String name, Map<String, String> files) {
    if (files.containsKey(name)) {
      return;
    }
    try (InputStream in = KernelSource.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new BackendException("cuda: this build lacks the kernel source " + name);
      }
      files.put(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new BackendException("cuda: kernel source %s: %s".formatted(name, e), e);
    }
    Matcher include = INCLUDE.matcher(files.get(name));
    while (include.find()) {
      collect(include.group(1), files);
    }
  }

  /** The parameters of every kernel, by its name. */
  Map<String, List<Parameter>> signatures() {
    Map<String, List<Parameter>> signatures = new LinkedHashMap<>();
    for (String text : files.values()) {
      Matcher kernel = KERNEL.matcher(text);
      while (kernel.find()) {
        List<Parameter> parameters = new ArrayList<>();
        for (String declaration : kernel.group(2).split(",", -1)) {
          parameters.add(Parameter.parse(declaration));
        }
        signatures.put(kernel.group(1), List.copyOf(parameters));
      }
    }
    return signatures;
  }
}
