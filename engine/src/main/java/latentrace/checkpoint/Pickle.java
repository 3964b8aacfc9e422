package latentrace.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.data.InputException;

/**
 * Reads the pickles that {@code torch.save} writes (protocols 2 to 5). A pickle is a program that
 * may call any function of the process that reads it; this machine makes dicts, lists, tuples,
 * strings, numbers and descriptions of tensors, and knows the few names below. Any other class or
 * opcode is refused by its name.
 *
 * <p>Values come as {@link Map}, {@link List} (tuples unmodifiable), {@link String}, {@link Long},
 * {@link Double}, {@link Boolean}, {@link #NONE} and {@link View}. What is made may contain itself:
 * who walks through it has to stop somewhere.
 */
final class Pickle {
  /** Python's None. */
  static final Object NONE = new Object();

  private static final Object MARK = new Object();

  /** A class or function by name: pushed, and called if it is one of the known ones. */
  private record Global(String name) {}

  /**
   * The memory that tensors are views of.
   *
   * @param type of its elements; null for one that a parameter cannot have, e.g. bool
   * @param typeName PyTorch's name of it
   * @param key name of its entry below {@code data/}
   * @param count elements
   */
  record Storage(ElementType type, String typeName, String key, long count) {}

  /**
   * A tensor: element (i,j,…) is at offset + i·stride₀ + j·stride₁ + … of the storage.
   *
   * @param shape sizes, checked to be ints ≥ 0 and, times the strides, to stay within the storage
   * @param stride in elements
   */
  record View(Storage storage, long offset, List<Integer> shape, List<Long> stride) {
    /** Number of elements. */
    long size() {
      return shape.stream().mapToLong(s -> s).reduce(1, (a, b) -> a * b);
    }
  }

  private static final String ORDERED_DICT = "collections.OrderedDict";
  private static final String REBUILD_TENSOR = "torch._utils._rebuild_tensor_v2";
  private static final String REBUILD_PARAMETER = "torch._utils._rebuild_parameter";
  private static final String SIZE = "torch.Size";
  private static final Map<String, ElementType> STORAGES = new HashMap<>();

  static {
    STORAGES.put("torch.FloatStorage", ElementType.F32);
    STORAGES.put("torch.DoubleStorage", ElementType.F64);
    STORAGES.put("torch.HalfStorage", ElementType.F16);
    STORAGES.put("torch.BFloat16Storage", ElementType.BF16);
    STORAGES.put("torch.LongStorage", ElementType.I64);
    for (String other : List.of("Int", "Short", "Char", "Byte", "Bool")) {
      STORAGES.put("torch." + other + "Storage", null);
    }
  }

  /** Each step makes at most one object, so this many are no load on time and memory. */
  private static final int MOST_OPERATIONS = 1_000_000;

  /** Names of the opcodes that are not obeyed. */
  private static final Map<Character, String> REFUSED =
      Map.ofEntries(
          Map.entry('0', "POP"),
          Map.entry('1', "POP_MARK"),
          Map.entry('2', "DUP"),
          Map.entry('F', "FLOAT"),
          Map.entry('I', "INT"),
          Map.entry('L', "LONG"),
          Map.entry('S', "STRING"),
          Map.entry('T', "BINSTRING"),
          Map.entry('U', "SHORT_BINSTRING"),
          Map.entry('V', "UNICODE"),
          Map.entry('P', "PERSID"),
          Map.entry('B', "BINBYTES"),
          Map.entry('C', "SHORT_BINBYTES"),
          Map.entry('d', "DICT"),
          Map.entry('l', "LIST"),
          Map.entry('g', "GET"),
          Map.entry('p', "PUT"),
          Map.entry('i', "INST"),
          Map.entry('o', "OBJ"),
          Map.entry('\u0081', "NEWOBJ"),
          Map.entry('\u0082', "EXT1"),
          Map.entry('\u0083', "EXT2"),
          Map.entry('\u0084', "EXT4"),
          Map.entry('\u008e', "BINBYTES8"),
          Map.entry('\u008f', "EMPTY_SET"),
          Map.entry('\u0090', "ADDITEMS"),
          Map.entry('\u0091', "FROZENSET"),
          Map.entry('\u0092', "NEWOBJ_EX"),
          Map.entry('\u0096', "BYTEARRAY8"),
          Map.entry('\u0097', "NEXT_BUFFER"),
          Map.entry('\u0098', "READONLY_BUFFER"));

  private final String file;
  private final ByteBuffer in;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private int opcodeAt;
  private int operations;

  private Pickle(String file, byte[] content) {
    this.file = file;
    this.in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Runs a pickle.
   *
   * @param file what messages begin with
   * @throws InputException if it is damaged, or asks for anything but tensors, containers and
   *     numbers
   */
  static Object read(String file, byte[] content) {
    return new Pickle(file, content).run();
  }

  private Object run() {
    while (true) {
      worked(1);
      opcodeAt = in.position();
      int opcode = need(1).get() & 0xff;
      if (opcode == '.') {
        Object value = pop();
        if (!stack.isEmpty() || in.hasRemaining()) {
          throw damaged("STOP before the end");
        }
        return value;
      }
      execute(opcode);
    }
  }

  private void worked(int steps) {
    operations += steps;
    if (operations > MOST_OPERATIONS) {
      throw bad("its pickle is too large: more than %d steps".formatted(MOST_OPERATIONS));
    }
  }

  private void execute(int opcode) {
    switch (opcode) {
      case 0x80 -> {
        int protocol = need(1).get() & 0xff;
        if (protocol < 2 || protocol > 5) {
          throw bad("pickle protocol %d, expected 2 to 5".formatted(protocol));
        }
      }
      case 0x95 -> need(8).getLong(); // FRAME: a hint for buffering
      case '(' -> push(MARK);
      case 'N' -> push(NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'J' -> push((long) need(4).getInt());
      case 'K' -> push((long) (need(1).get() & 0xff));
      case 'M' -> push((long) (need(2).getShort() & 0xffff));
      case 0x8a -> push(integer("LONG1", need(1).get() & 0xff));
      case 0x8b -> push(integer("LONG4", need(4).getInt() & 0xffff_ffffL));
      case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(need(8).getLong())));
      case 'X' -> push(text(need(4).getInt() & 0xffff_ffffL));
      case 0x8c -> push(text(need(1).get() & 0xff));
      case 0x8d -> push(text(need(8).getLong()));
      case '}' -> push(new LinkedHashMap<>());
      case ']' -> push(new ArrayList<>());
      case ')' -> push(List.of());
      case 't' -> push(Collections.unmodifiableList(popToMark()));
      case 0x85 -> push(tuple(1));
      case 0x86 -> push(tuple(2));
      case 0x87 -> push(tuple(3));
      case 'a' -> append(List.of(pop()));
      case 'e' -> append(popToMark());
      case 's' -> {
        Object value = pop();
        put(List.of(pop(), value));
      }
      case 'u' -> put(popToMark());
      case 'q' -> memo.put((long) (need(1).get() & 0xff), peek());
      case 'r' -> memo.put(need(4).getInt() & 0xffff_ffffL, peek());
      case 0x94 -> memo.put((long) memo.size(), peek());
      case 'h' -> push(remembered(need(1).get() & 0xff));
      case 'j' -> push(remembered(need(4).getInt() & 0xffff_ffffL));
      case 'c' -> push(global(line(), line()));
      case 0x93 -> {
        Object name = pop();
        push(global(pop(), name));
      }
      case 'R' -> {
        Object arguments = pop();
        push(call(pop(), arguments));
      }
      case 'Q' -> push(storage(pop()));
      case 'b' -> {
        // the state of an OrderedDict: state_dict's _metadata, versions of modules
        Object state = pop();
        if (!(state instanceof Map) || !(peek() instanceof Map)) {
          throw bad("opcode BUILD would set up an object; only plain dicts may have a state");
        }
      }
      default -> {
        String name = REFUSED.get((char) opcode);
        throw bad(
            name == null
                ? "damaged pickle: byte 0x%02x at %d is no opcode".formatted(opcode, opcodeAt)
                : "opcode %s at byte %d of its pickle is refused: expected tensors, containers and numbers only"
                    .formatted(name, opcodeAt));
      }
    }
  }

  private ByteBuffer need(long bytes) {
    if (bytes < 0 || bytes > in.remaining()) {
      throw damaged("ends early");
    }
    return in;
  }

  private void push(Object value) {
    stack.add(value);
  }

  private Object pop() {
    Object value = peek();
    stack.remove(stack.size() - 1);
    return value;
  }

  private Object peek() {
    if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
      throw damaged("nothing on the stack");
    }
    return stack.get(stack.size() - 1);
  }

  private List<Object> tuple(int size) {
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      values.add(0, pop());
    }
    return Collections.unmodifiableList(values);
  }

  private List<Object> popToMark() {
    int mark = stack.lastIndexOf(MARK);
    if (mark < 0) {
      throw damaged("no mark on the stack");
    }
    List<Object> tail = stack.subList(mark, stack.size());
    List<Object> values = new ArrayList<>(tail.subList(1, tail.size()));
    tail.clear();
    return values;
  }

  private long integer(String opcode, long bytes) {
    if (bytes > Long.BYTES) {
      throw bad("%s of %d bytes, expected at most 8".formatted(opcode, bytes));
    }
    need(bytes);
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (in.get() & 0xffL) << (8 * i);
    }
    int unused = Long.SIZE - 8 * (int) bytes;
    return bytes == 0 ? 0 : value << unused >> unused;
  }

  private String text(long bytes) {
    need(bytes);
    ByteBuffer part = in.slice(in.position(), (int) bytes);
    in.position(in.position() + (int) bytes);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(part).toString();
    } catch (CharacterCodingException e) {
      throw new InputException(file + ": damaged pickle: text at byte " + opcodeAt, e);
    }
  }

  private String line() {
    int end = in.position();
    while (end < in.limit() && in.get(end) != '\n') {
      end++;
    }
    need(end - in.position() + 1);
    String line = text(end - in.position());
    in.get();
    return line;
  }

  private Object remembered(long index) {
    Object value = memo.get(index);
    if (value == null) {
      throw damaged("memo %d is empty".formatted(index));
    }
    return value;
  }

  @SuppressWarnings("unchecked") // the machine makes no other lists and maps
  private void append(List<Object> values) {
    if (!(peek() instanceof ArrayList<?> list)) {
      throw damaged("APPEND to what is no list");
    }
    ((List<Object>) list).addAll(values);
  }

  @SuppressWarnings("unchecked")
  private void put(List<Object> pairs) {
    if (!(peek() instanceof Map<?, ?> map) || pairs.size() % 2 != 0) {
      throw damaged("SETITEM on what is no dict");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      Object key = pairs.get(i);
      if (!(key instanceof String || key instanceof Long || key instanceof Double)) {
        throw bad("a dict's key is neither text nor a number");
      }
      ((Map<Object, Object>) map).put(key, pairs.get(i + 1));
    }
  }

  private Global global(Object module, Object name) {
    if (!(module instanceof String m) || !(name instanceof String n)) {
      throw damaged("a name that is no text");
    }
    String full = m + "." + n;
    boolean known =
        List.of(ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, SIZE).contains(full)
            || STORAGES.containsKey(full);
    if (!known) {
      throw bad(
          "class %s is refused: expected tensors, containers and numbers only, such as torch.save(model.state_dict(), ...) writes"
              .formatted(InputException.printable(full)));
    }
    return new Global(full);
  }

  private Object call(Object function, Object arguments) {
    if (!(function instanceof Global global) || !(arguments instanceof List<?> list)) {
      throw damaged("REDUCE of what is no function");
    }
    return switch (global.name()) {
      case ORDERED_DICT -> orderedDict(list);
      case REBUILD_TENSOR -> view(list);
      case REBUILD_PARAMETER -> argument(list, 0, View.class);
      case SIZE -> argument(list, 0, List.class);
      default -> throw bad(global.name() + " is called: expected it as a type only");
    };
  }

  /** OrderedDict() or OrderedDict([(key, value), …]). */
  private Map<Object, Object> orderedDict(List<?> arguments) {
    Map<Object, Object> map = new LinkedHashMap<>();
    if (!arguments.isEmpty()) {
      List<?> pairs = argument(arguments, 0, List.class);
      worked(pairs.size());
      push(map);
      for (Object pair : pairs) {
        if (!(pair instanceof List<?> entry) || entry.size() != 2) {
          throw damaged("an OrderedDict of what are no pairs");
        }
        put(List.of(entry.get(0), entry.get(1)));
      }
      pop();
    }
    return map;
  }

  /** ('storage', type, key, location, count). */
  private Storage storage(Object id) {
    if (!(id instanceof List<?> list) || list.size() < 5 || !"storage".equals(list.get(0))) {
      throw bad("a persistent id that is no storage");
    }
    String type = argument(list, 1, Global.class).name();
    if (!STORAGES.containsKey(type)) {
      throw bad("a storage of type " + type);
    }
    String key = argument(list, 2, String.class);
    long count = argument(list, 4, Long.class);
    if (count < 0) {
      throw damaged("a storage of %d elements".formatted(count));
    }
    String name = type.substring("torch.".length(), type.length() - "Storage".length());
    return new Storage(STORAGES.get(type), name, key, count);
  }

  /** _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata]). */
  private View view(List<?> arguments) {
    Storage storage = argument(arguments, 0, Storage.class);
    long offset = argument(arguments, 1, Long.class);
    List<?> sizes = argument(arguments, 2, List.class);
    List<?> strides = argument(arguments, 3, List.class);
    if (offset < 0 || sizes.size() != strides.size() || sizes.size() > 64) {
      throw damaged(
          "a tensor of offset %d, %d sizes and %d strides"
              .formatted(offset, sizes.size(), strides.size()));
    }
    List<Integer> shape = new ArrayList<>();
    List<Long> stride = new ArrayList<>();
    long size = 1;
    double last = offset;
    for (int k = 0; k < sizes.size(); k++) {
      long extent = argument(sizes, k, Long.class);
      long step = argument(strides, k, Long.class);
      if (extent < 0 || extent > Integer.MAX_VALUE || step < 0) {
        throw damaged("a tensor of size %d and stride %d".formatted(extent, step));
      }
      shape.add((int) extent);
      stride.add(step);
      size = Math.min(size * extent, Integer.MAX_VALUE + 1L);
      last += (double) (extent - 1) * step;
    }
    // a view may leave elements out or turn axes, not repeat elements
    if (size > 0 && (last >= storage.count() || size > storage.count())) {
      throw bad(
          "a tensor of shape %s, strides %s and offset %d does not fit a storage of %d"
              .formatted(shape, stride, offset, storage.count()));
    }
    return new View(storage, offset, List.copyOf(shape), List.copyOf(stride));
  }

  private <T> T argument(List<?> arguments, int index, Class<T> type) {
    Object value = index < arguments.size() ? arguments.get(index) : null;
    if (!type.isInstance(value)) {
      throw damaged("argument %d is no %s".formatted(index, type.getSimpleName()));
    }
    return type.cast(value);
  }

  private InputException damaged(String text) {
    return bad("damaged pickle: %s at byte %d".formatted(text, opcodeAt));
  }

  private InputException bad(String text) {
    return new InputException(file + ": " + text);
  }
}
