package latentrace.data;

import java.lang.reflect.Array;
import java.util.Arrays;

/**
 * An array of NumPy's: shape, element type and the values in C order (row-major). Not copied on the
 * way in or out: treat the arrays as read-only.
 */
public final class NpyArray {
  /** Element types, by NumPy's kind and width in bytes. */
  public enum Type {
    /** Boolean, a byte. */
    B1('b', 1),
    /** Signed byte. */
    I1('i', 1),
    /** Unsigned byte. */
    U1('u', 1),
    /** Signed 16 bits. */
    I2('i', 2),
    /** Unsigned 16 bits. */
    U2('u', 2),
    /** Signed 32 bits. */
    I4('i', 4),
    /** Unsigned 32 bits. */
    U4('u', 4),
    /** Signed 64 bits. */
    I8('i', 8),
    /** Float. */
    F4('f', 4),
    /** Double. */
    F8('f', 8);

    private final char kind;
    private final int width;

    Type(char kind, int width) {
      this.kind = kind;
      this.width = width;
    }

    /** Bytes a value. */
    public int width() {
      return width;
    }

    /** Whether the values are integers; booleans are not. */
    public boolean isInteger() {
      return kind == 'i' || kind == 'u';
    }

    /** NumPy's name without byte order, e.g. {@code f4}. */
    public String code() {
      return "" + kind + width;
    }
  }

  private final String name;
  private final Type type;
  private final int[] shape;
  private final Object values;

  /**
   * @param name what messages call it
   * @param values byte[], short[], int[], long[], float[] or double[], as wide as the type
   */
  NpyArray(String name, Type type, int[] shape, Object values) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.values = values;
  }

  /** Type u1, unsigned bytes. */
  public static NpyArray ofBytes(byte[] values, int... shape) {
    return checked(Type.U1, values.length, shape, values);
  }

  /** Type i4. */
  public static NpyArray ofInts(int[] values, int... shape) {
    return checked(Type.I4, values.length, shape, values);
  }

  /** Type i8. */
  public static NpyArray ofLongs(long[] values, int... shape) {
    return checked(Type.I8, values.length, shape, values);
  }

  /** Type f4. */
  public static NpyArray ofFloats(float[] values, int... shape) {
    return checked(Type.F4, values.length, shape, values);
  }

  /** Type f8. */
  public static NpyArray ofDoubles(double[] values, int... shape) {
    return checked(Type.F8, values.length, shape, values);
  }

  private static NpyArray checked(Type type, int length, int[] shape, Object values) {
    long count = 1;
    for (int extent : shape) {
      count = Math.multiplyExact(count, extent);
    }
    if (count != length || Arrays.stream(shape).anyMatch(extent -> extent < 0)) {
      throw new IllegalArgumentException(
          "NpyArray: %d values do not fill shape %s".formatted(length, Arrays.toString(shape)));
    }
    return new NpyArray("array", type, shape.clone(), values);
  }

  /** What messages call it. */
  String name() {
    return name;
  }

  /** The extents; a copy, empty for a scalar. */
  public int[] shape() {
    return shape.clone();
  }

  /** Number of dimensions. */
  public int rank() {
    return shape.length;
  }

  /** Number of values. */
  public int size() {
    return Array.getLength(values);
  }

  /** Element type. */
  public Type type() {
    return type;
  }

  /**
   * The stored values: byte[] for b1, i1 and u1, short[] for i2 and u2, int[] for i4 and u4, long[]
   * for i8, float[] for f4, double[] for f8.
   */
  public Object values() {
    return values;
  }

  /**
   * The values rounded to float; for type f4 the stored array itself.
   *
   * @throws InputException if there is not enough memory; so for the other conversions
   */
  public float[] toFloats() {
    if (values instanceof float[] stored) {
      return stored;
    }
    float[] floats = Inputs.allocate(name, size(), 4, float[]::new);
    for (int i = 0; i < floats.length; i++) {
      floats[i] = type == Type.I8 ? (float) ((long[]) values)[i] : (float) doubleAt(i);
    }
    return floats;
  }

  /** The values as doubles (i8 rounded); for type f8 the stored array itself. */
  public double[] toDoubles() {
    if (values instanceof double[] stored) {
      return stored;
    }
    double[] doubles = Inputs.allocate(name, size(), 8, double[]::new);
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = doubleAt(i);
    }
    return doubles;
  }

  /**
   * The values of an integer type; for type i4 the stored array itself.
   *
   * @throws InputException if the type is no integer type, or naming the first value out of range
   */
  public int[] toInts() {
    if (!type.isInteger()) {
      throw new InputException("%s: type %s, expected integers".formatted(name, type.code()));
    }
    if (type == Type.I4) {
      return (int[]) values;
    }
    int[] ints = Inputs.allocate(name, size(), 4, int[]::new);
    for (int i = 0; i < ints.length; i++) {
      long value = longAt(i);
      if (value != (int) value) {
        throw new InputException(
            "%s: value %d at position %d, expected %d to %d"
                .formatted(name, value, i, Integer.MIN_VALUE, Integer.MAX_VALUE));
      }
      ints[i] = (int) value;
    }
    return ints;
  }

  private double doubleAt(int i) {
    return switch (type) {
      case F4 -> ((float[]) values)[i];
      case F8 -> ((double[]) values)[i];
      default -> longAt(i);
    };
  }

  private long longAt(int i) {
    return switch (type) {
      case I1 -> ((byte[]) values)[i];
      case B1, U1 -> ((byte[]) values)[i] & 0xff;
      case I2 -> ((short[]) values)[i];
      case U2 -> ((short[]) values)[i] & 0xffff;
      case I4 -> ((int[]) values)[i];
      case U4 -> ((int[]) values)[i] & 0xffffffffL;
      case I8 -> ((long[]) values)[i];
      case F4, F8 -> throw new IllegalStateException("type " + type.code() + " is no integer type");
    };
  }

  @Override
  public String toString() {
    return "%s: %s %s".formatted(name, type.code(), Arrays.toString(shape));
  }
}
