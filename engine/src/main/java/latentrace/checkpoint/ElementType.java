package latentrace.checkpoint;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * How a file keeps a tensor's elements, little-endian, and what they become in memory: F32 for what
 * a float holds exactly, else F64.
 */
enum ElementType {
  /** IEEE single. */
  F32(4),
  /** IEEE double. */
  F64(8),
  /** IEEE half: 1 sign, 5 exponent and 10 fraction bits. */
  F16(2),
  /** The upper half of a single. */
  BF16(2),
  /** Integers, e.g. a count of batches; exact up to 2^53. */
  I64(8);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes an element. */
  int bytes() {
    return bytes;
  }

  /** The type of this name; null if there is none. */
  static ElementType of(String name) {
    return Arrays.stream(values()).filter(t -> t.name().equals(name)).findFirst().orElse(null);
  }

  /** All names, for messages. */
  static String names() {
    return String.join(", ", Arrays.stream(values()).map(ElementType::name).toList());
  }

  /**
   * The tensor of consecutive elements.
   *
   * @param data little-endian, all of it
   */
  Safetensors.Tensor tensor(List<Integer> shape, ByteBuffer data) {
    int count = data.remaining() / bytes;
    if (this == F64 || this == I64) {
      double[] values = new double[count];
      for (int i = 0; i < count; i++) {
        values[i] = this == F64 ? data.getDouble(i * bytes) : data.getLong(i * bytes);
      }
      return Safetensors.Tensor.of(shape, values);
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] =
          switch (this) {
            case F16 -> half(data.getShort(i * bytes));
            case BF16 -> Float.intBitsToFloat(data.getShort(i * bytes) << 16);
            default -> data.getFloat(i * bytes);
          };
    }
    return Safetensors.Tensor.of(shape, values);
  }

  /** The float equal to an IEEE half (Java 20 has it as float16ToFloat). */
  static float half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    float magnitude =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1f -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat(((exponent + 112) << 23) | (fraction << 13));
        };
    return bits < 0 ? -magnitude : magnitude;
  }
}
