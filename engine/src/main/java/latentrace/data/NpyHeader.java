package latentrace.data;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The header of .npy: a Python dict with exactly the keys descr, fortran_order and shape, in any
 * order.
 */
final class NpyHeader {
  private static final int MOST_DIMENSIONS = 32;

  private final NpyArray.Type type;
  private final ByteOrder order;
  private final boolean fortranOrder;
  private final int[] shape;

  private NpyHeader(NpyArray.Type type, ByteOrder order, boolean fortranOrder, int[] shape) {
    this.type = type;
    this.order = order;
    this.fortranOrder = fortranOrder;
    this.shape = shape;
  }

  NpyArray.Type type() {
    return type;
  }

  ByteOrder order() {
    return order;
  }

  boolean fortranOrder() {
    return fortranOrder;
  }

  /** The extents; not a copy. */
  int[] shape() {
    return shape;
  }

  /** Reads the dict; nothing but blanks may follow it. */
  static NpyHeader parse(ByteSource source, String text) {
    return new Parser(source, text).parse();
  }

  private static final class Parser {
    private final ByteSource source;
    private final String text;
    private int at;

    Parser(ByteSource source, String text) {
      this.source = source;
      this.text = text;
    }

    NpyHeader parse() {
      String descr = null;
      Boolean fortranOrder = null;
      int[] shape = null;
      expect('{');
      while (!accept('}')) {
        String key = string();
        expect(':');
        if (key.equals("descr") && descr == null) {
          descr = string();
        } else if (key.equals("fortran_order") && fortranOrder == null) {
          fortranOrder = bool();
        } else if (key.equals("shape") && shape == null) {
          shape = tuple();
        } else {
          throw error("key '%s' is unknown or given twice".formatted(key));
        }
        if (!accept(',')) {
          expect('}');
          break;
        }
      }
      skipBlanks();
      if (at != text.length()) {
        throw error("text after the closing brace");
      }
      if (descr == null || fortranOrder == null || shape == null) {
        throw error("expected the keys descr, fortran_order and shape");
      }
      return toHeader(descr, fortranOrder, shape);
    }

    private NpyHeader toHeader(String descr, boolean fortranOrder, int[] shape) {
      for (NpyArray.Type type : NpyArray.Type.values()) {
        if (descr.length() == 3 && descr.endsWith(type.code())) {
          char order = descr.charAt(0);
          if (order == '>' || order == '<' || (order == '|' && type.width() == 1)) {
            return new NpyHeader(
                type,
                order == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
                fortranOrder,
                shape);
          }
        }
      }
      throw source.error(
          "npy type '%s', expected one of b1, i1, u1, i2, u2, i4, u4, i8, f4, f8"
              .formatted(InputException.printable(descr)));
    }

    private String string() {
      skipBlanks();
      char quote = at < text.length() ? text.charAt(at) : 0;
      int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
      if (end < 0) {
        throw error("expected a string");
      }
      String value = text.substring(at + 1, end);
      at = end + 1;
      return value;
    }

    private boolean bool() {
      skipBlanks();
      for (String literal : new String[] {"True", "False"}) {
        if (text.startsWith(literal, at)) {
          at += literal.length();
          return literal.equals("True");
        }
      }
      throw error("expected True or False");
    }

    private int[] tuple() {
      List<Integer> extents = new ArrayList<>();
      expect('(');
      while (!accept(')')) {
        if (extents.size() == MOST_DIMENSIONS) {
          throw error("more than %d dimensions".formatted(MOST_DIMENSIONS));
        }
        extents.add(extent());
        if (!accept(',')) {
          if (extents.size() == 1) {
            throw error("expected a tuple");
          }
          expect(')');
          break;
        }
      }
      return extents.stream().mapToInt(Integer::intValue).toArray();
    }

    private int extent() {
      skipBlanks();
      int start = at;
      long value = 0;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        value = 10 * value + (text.charAt(at++) - '0');
        if (value > Integer.MAX_VALUE) {
          throw error("an extent above %d".formatted(Integer.MAX_VALUE));
        }
      }
      if (at == start) {
        throw error("expected an extent");
      }
      return (int) value;
    }

    private void expect(char wanted) {
      if (!accept(wanted)) {
        throw error("expected '%s'".formatted(wanted));
      }
    }

    private boolean accept(char wanted) {
      skipBlanks();
      boolean found = at < text.length() && text.charAt(at) == wanted;
      if (found) {
        at++;
      }
      return found;
    }

    private void skipBlanks() {
      while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) {
        at++;
      }
    }

    private InputException error(String what) {
      return source.error(
          "npy header at character %d: %s: %s"
              .formatted(at, InputException.printable(what), InputException.printable(text)));
    }
  }
}
