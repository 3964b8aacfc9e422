package latentrace.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The text format of the UCR Time Series Archive, plain or gzip: one series a line, the class
 * first, then its L samples, separated by blanks, tabs or commas. Blank lines are skipped.
 */
public final class Ucr {
  private static final int LONGEST_NUMBER = 64;

  private Ucr() {}

  /**
   * The series, sample shape [L], labelled by class; a class may be written like 1.0000000e+00.
   *
   * @throws InputException naming the line, if a series has another length than the first, a class
   *     is no integer, or a sample is no finite number
   */
  public static Dataset read(Path path) {
    return new Parser(path, ByteSource.readAll(path)).parse();
  }

  private static final class Parser {
    private final Path path;
    private final byte[] text;
    private float[] values = new float[1024];
    private int valueCount;
    private int[] labels = new int[64];
    private int labelCount;
    private int length = -1;
    private int firstLine;

    Parser(Path path, byte[] text) {
      this.path = path;
      this.text = text;
    }

    Dataset parse() {
      int line = 1;
      for (int start = 0; start < text.length; line++) {
        int end = start;
        while (end < text.length && text[end] != '\n') {
          end++;
        }
        parseLine(line, start, end);
        start = end + 1;
      }
      if (labelCount == 0) {
        throw Inputs.error(path, "no series in it, expected lines of class and samples");
      }
      return Inputs.dataset(
          path,
          Inputs.nameOf(path),
          new int[] {length},
          resized(values, valueCount, valueCount),
          Arrays.copyOf(labels, labelCount));
    }

    private void parseLine(int line, int start, int end) {
      int fields = 0;
      boolean fieldDue = false;
      int at = start;
      while (true) {
        while (at < end && isBlank(text[at])) {
          at++;
        }
        if (at == end) {
          break;
        }
        int from = at;
        while (at < end && !isBlank(text[at]) && text[at] != ',') {
          at++;
        }
        String field = field(line, from, at);
        if (fields++ == 0) {
          addLabel(toLabel(line, field));
        } else {
          addValue(toSample(line, fields - 1, field));
        }
        while (at < end && isBlank(text[at])) {
          at++;
        }
        fieldDue = at < end && text[at] == ',';
        if (fieldDue) {
          at++;
        }
      }
      if (fieldDue) {
        throw error(line, "ends in a comma, expected a number after it");
      }
      if (fields > 0) {
        checkLength(line, fields - 1);
      }
    }

    private void checkLength(int line, int samples) {
      if (length < 0) {
        if (samples == 0) {
          throw error(line, "has a class but no samples");
        }
        length = samples;
        firstLine = line;
      } else if (samples != length) {
        throw error(
            line,
            "has %d samples, expected %d as on line %d".formatted(samples, length, firstLine));
      }
    }

    private static boolean isBlank(byte b) {
      return b == ' ' || b == '\t' || b == '\r';
    }

    private String field(int line, int from, int to) {
      if (to - from > LONGEST_NUMBER) {
        throw error(line, "a field of %d characters, expected a number".formatted(to - from));
      }
      return new String(text, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private int toLabel(int line, String field) {
      double value = isDecimal(field) ? parse(field) : Double.NaN;
      if (value != (int) value) {
        throw error(line, "class '%s', expected an integer".formatted(shown(field)));
      }
      return (int) value;
    }

    private float toSample(int line, int position, String field) {
      float value = isDecimal(field) ? (float) parse(field) : Float.NaN;
      if (!Float.isFinite(value)) {
        throw error(
            line, "sample %d is '%s', expected a finite number".formatted(position, shown(field)));
      }
      return value;
    }

    private static double parse(String field) {
      try {
        return Double.parseDouble(field);
      } catch (NumberFormatException e) {
        return Double.NaN;
      }
    }

    /** Keeps out what Java reads beyond decimal numbers: NaN, Infinity, hexadecimal, suffixes. */
    private static boolean isDecimal(String field) {
      return field.chars().allMatch(c -> (c >= '0' && c <= '9') || "+-.eE".indexOf(c) >= 0);
    }

    private static String shown(String field) {
      return InputException.printable(field);
    }

    private void addLabel(int label) {
      if (labelCount == labels.length) {
        labels = Arrays.copyOf(labels, (int) grown(labelCount));
      }
      labels[labelCount++] = label;
    }

    private void addValue(float value) {
      if (valueCount == values.length) {
        values = resized(values, valueCount, grown(valueCount));
      }
      values[valueCount++] = value;
    }

    private float[] resized(float[] from, int count, long newLength) {
      float[] to = Inputs.allocate(path, newLength, 4, float[]::new);
      System.arraycopy(from, 0, to, 0, count);
      return to;
    }

    private static long grown(int count) {
      return Math.min(Inputs.MAX_VALUES, count + (count >> 1) + 1L);
    }

    private InputException error(int line, String message) {
      return Inputs.error(path, "line " + line + ": " + message);
    }
  }
}
