package latentrace.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;

/**
 * A file that {@code torch.save} wrote (PyTorch 1.6 or newer): a zip of {@code <name>/data.pkl},
 * see {@link Pickle}, and the tensors' bytes in {@code <name>/data/<key>}, stored or deflated.
 * Nothing in it is run, and no name in it becomes a path.
 */
final class TorchFile implements AutoCloseable {
  private static final String PICKLE = "data.pkl";
  private static final int MOST_PICKLE_BYTES = 1 << 24;
  private static final int MOST_ENTRIES = 1 << 16;

  /** What deflate can make of a byte at most, so that a size that says more is known to lie. */
  private static final int MOST_EXPANSION = 1032;

  /** How deep a state_dict may lie in the dicts of a checkpoint. */
  private static final int MOST_DEPTH = 8;

  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_]{1,64}");

  private final Path path;
  private final ZipFile zip;
  private final String prefix;
  private final Object root;
  private String lastKey = "";
  private ByteBuffer lastContent;

  private TorchFile(Path path, ZipFile zip) throws IOException {
    this.path = path;
    this.zip = zip;
    if (zip.size() > MOST_ENTRIES) {
      throw bad("%d entries, expected at most %d".formatted(zip.size(), MOST_ENTRIES));
    }
    List<String> pickles =
        zip.stream().map(ZipEntry::getName).filter(n -> n.endsWith("/" + PICKLE)).toList();
    if (pickles.size() != 1) {
      throw bad(
          "holds %d %s, expected one as torch.save writes it".formatted(pickles.size(), PICKLE));
    }
    prefix = pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
    ZipEntry order = zip.getEntry(prefix + "byteorder");
    if (order != null
        && !new String(content(order, 16), StandardCharsets.UTF_8).strip().equals("little")) {
      throw bad("was saved on a big-endian machine, expected little-endian");
    }
    root = Pickle.read(path.toString(), content(zip.getEntry(pickles.get(0)), MOST_PICKLE_BYTES));
  }

  /** Whether content that starts like this is a zip, as {@code torch.save} writes. */
  static boolean matches(byte[] start) {
    return start.length >= 4
        && start[0] == 'P'
        && start[1] == 'K'
        && start[2] == 3
        && start[3] == 4;
  }

  /**
   * Opens a file and reads its structure; {@link #tensor} reads the values.
   *
   * @throws InputException if it is damaged or holds what is refused
   */
  static TorchFile open(Path path) {
    ZipFile zip = null;
    try {
      byte[] start;
      try (InputStream in = Files.newInputStream(path)) {
        start = in.readNBytes(8);
      }
      if (start.length > 2 && (start[0] & 0xff) == 0x80 && start[1] == 2) {
        throw new InputException(
            path
                + ": PyTorch's format before 1.6, expected a zip: load it and torch.save it again");
      }
      if (!matches(start)) {
        throw new InputException(
            path + ": not a PyTorch file: expected a zip, which begins with PK");
      }
      zip = new ZipFile(path.toFile());
      return new TorchFile(path, zip);
    } catch (IOException | IllegalArgumentException e) {
      close(zip);
      throw failure(path, e);
    } catch (RuntimeException | Error e) {
      close(zip);
      throw e;
    }
  }

  /** The number under {@code iter} at the top, or −1. */
  long iteration() {
    return root instanceof Map<?, ?> map && map.get("iter") instanceof Long value && value >= 0
        ? value
        : -1;
  }

  /** Every dict of tensors by name, and where it lies, e.g. {@code model_states.net}. */
  Map<String, Map<String, Pickle.View>> states() {
    record Place(String name, int depth, Object value) {}
    Map<String, Map<String, Pickle.View>> states = new LinkedHashMap<>();
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Place> places = new ArrayDeque<>();
    places.add(new Place("", 0, root));
    while (!places.isEmpty()) {
      Place place = places.remove();
      if (!(place.value() instanceof Map<?, ?> map) || !seen.add(map) || map.isEmpty()) {
        continue;
      }
      Map<String, Pickle.View> tensors = new LinkedHashMap<>();
      map.forEach(
          (key, value) -> {
            if (key instanceof String name && value instanceof Pickle.View view) {
              tensors.put(name, view);
            } else if (place.depth() < MOST_DEPTH) {
              String name = place.name().isEmpty() ? "" + key : place.name() + "." + key;
              places.add(new Place(name, place.depth() + 1, value));
            }
          });
      if (tensors.size() == map.size()) {
        states.put(place.name(), tensors);
      }
    }
    return states;
  }

  /**
   * The entry of a tensor's storage.
   *
   * @throws InputException if there is none of its size, or parameters can't be of its type
   */
  ZipEntry entry(String name, Pickle.View view) {
    Pickle.Storage storage = view.storage();
    if (storage.type() == null) {
      throw bad(
          "tensor %s is of type %s, expected %s"
              .formatted(InputException.printable(name), storage.typeName(), ElementType.names()));
    }
    if (!KEY.matcher(storage.key()).matches()) {
      throw bad("a storage's key is '%s'".formatted(InputException.printable(storage.key())));
    }
    ZipEntry entry = zip.getEntry(prefix + "data/" + storage.key());
    boolean fits =
        entry != null
            && storage.count() <= Integer.MAX_VALUE / Double.BYTES
            && entry.getSize() == storage.count() * storage.type().bytes();
    if (!fits) {
      throw bad(
          "storage %s of %d %s needs an entry of that size, found %s"
              .formatted(
                  storage.key(),
                  storage.count(),
                  storage.typeName(),
                  entry == null ? "none" : entry.getSize() + " bytes"));
    }
    return entry;
  }

  /** The values of a tensor, contiguous and row-major. */
  Safetensors.Tensor tensor(String name, Pickle.View view) {
    Pickle.Storage storage = view.storage();
    ZipEntry entry = entry(name, view);
    if (!storage.key().equals(lastKey)) { // several tensors may be views of one storage
      try {
        lastContent =
            ByteBuffer.wrap(content(entry, (int) entry.getSize())).order(ByteOrder.LITTLE_ENDIAN);
        lastKey = storage.key();
      } catch (IOException e) {
        throw failure(path, e);
      }
    }
    return storage.type().tensor(view.shape(), gather(view, lastContent));
  }

  /** The elements of a view one after the other. */
  private static ByteBuffer gather(Pickle.View view, ByteBuffer data) {
    int width = view.storage().type().bytes();
    int rank = view.shape().size();
    int size = (int) view.size();
    ByteBuffer target = ByteBuffer.allocate(size * width).order(ByteOrder.LITTLE_ENDIAN);
    int[] index = new int[rank];
    long at = view.offset();
    for (int i = 0; i < size; i++) {
      target.put(i * width, data, (int) at * width, width);
      for (int k = rank - 1; k >= 0; k--) {
        at += view.stride().get(k);
        if (++index[k] < view.shape().get(k)) {
          break;
        }
        at -= view.stride().get(k) * index[k];
        index[k] = 0;
      }
    }
    return target;
  }

  /** All bytes of an entry, checked; not more than {@code most}. */
  private byte[] content(ZipEntry entry, int most) throws IOException {
    long size = entry.getSize();
    long possible =
        entry.getMethod() == ZipEntry.STORED
            ? entry.getCompressedSize()
            : entry.getCompressedSize() * MOST_EXPANSION;
    String name = InputException.printable(entry.getName());
    if (size < 0
        || size > most
        || size > possible
        || entry.getCompressedSize() > Files.size(path)) {
      throw bad(
          "entry %s of %d bytes, expected at most %d"
              .formatted(name, size, Math.min(most, possible)));
    }
    if (size > Runtime.getRuntime().maxMemory() / 8) {
      throw bad("entry %s needs %d MiB of memory: raise -Xmx".formatted(name, size >> 20));
    }
    byte[] content;
    try (InputStream in = zip.getInputStream(entry)) {
      content = in.readNBytes((int) size);
      if (content.length != size || in.read() >= 0) {
        throw bad("entry %s is not of %d bytes as it says".formatted(name, size));
      }
    }
    CRC32 crc = new CRC32();
    crc.update(content);
    if (crc.getValue() != entry.getCrc()) {
      throw bad("entry %s: the checksum does not match".formatted(name));
    }
    return content;
  }

  private InputException bad(String text) {
    return new InputException(path + ": " + text);
  }

  private static InputException failure(Path path, Exception e) {
    String reason =
        e instanceof java.util.zip.ZipException || !(e instanceof IOException io)
            ? "damaged zip: " + e.getMessage()
            : AtomicFiles.reason(io);
    return new InputException(path + ": " + InputException.printable(reason), e);
  }

  private static void close(ZipFile zip) {
    if (zip != null) {
      try {
        zip.close();
      } catch (IOException e) {
        // it was only read
      }
    }
  }

  @Override
  public void close() {
    close(zip);
  }
}
