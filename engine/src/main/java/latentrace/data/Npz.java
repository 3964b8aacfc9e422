package latentrace.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** NumPy's .npz: a zip of .npy arrays, stored or deflated, keyed by name without .npy. */
public final class Npz {
  private static final List<String> DATA_KEYS = List.of("x", "images", "data", "arr_0", "imgs");
  private static final List<String> LABEL_KEYS =
      List.of("y", "labels", "targets", "latents_classes");
  private static final String SUFFIX = ".npy";
  private static final int END_RECORD = 22;
  private static final LocalDateTime ENTRY_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private Npz() {}

  /**
   * All arrays of a file, in its order; checksums are verified.
   *
   * @throws InputException if the file is not whole, or an array's type is not one {@link Npy}
   *     reads
   */
  public static Map<String, NpyArray> read(Path path) {
    return open(path, Archive::readAll);
  }

  /**
   * The samples under the first of the keys x, images, data, arr_0, imgs that is present, or else
   * the only array of two dimensions or more, as {@link Npy#readDataset} takes them; labelled by
   * the first of y, labels, targets, latents_classes that holds integers in one dimension, if any.
   *
   * @throws InputException if there is no such array, or the file or the array can't be used
   */
  public static Dataset readDataset(Path path) {
    return open(path, Archive::readDataset);
  }

  /**
   * Some rows of an array of bytes that need not fit into memory.
   *
   * @param key its name
   * @param shape what it must be: [N, …]
   * @param rows which, each 0 to N − 1
   * @return [rows, …], flat
   * @throws InputException if there is no such array of bytes, or the file is not whole
   */
  public static byte[] readRows(Path path, String key, int[] shape, int[] rows) {
    return open(path, archive -> archive.readRows(key, shape, rows));
  }

  /** Writes arrays, deflated, in the map's order; same arrays, same bytes. */
  public static void write(Path path, Map<String, NpyArray> arrays) {
    AtomicFiles.write(
        path,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          for (Map.Entry<String, NpyArray> array : arrays.entrySet()) {
            ZipEntry entry = new ZipEntry(array.getKey() + SUFFIX);
            entry.setTimeLocal(ENTRY_TIME);
            zip.putNextEntry(entry);
            Npy.write(zip, array.getValue());
            zip.closeEntry();
          }
          zip.finish();
        });
  }

  @FunctionalInterface
  private interface Reader<T> {
    T read(Archive archive) throws IOException;
  }

  private static <T> T open(Path path, Reader<T> reader) {
    if (!matches(ByteSource.startOf(path, 4))) {
      throw Inputs.error(path, "not an .npz file: expected a zip archive, which begins with PK");
    }
    expectEndRecord(path);
    try (ZipFile zip = new ZipFile(path.toFile())) {
      return reader.read(new Archive(path, zip));
    } catch (IOException | IllegalArgumentException e) {
      throw Inputs.failure(path, e);
    }
  }

  /**
   * Refuses what goes on after the archive: {@link ZipFile} would overlook it. NumPy writes no
   * comment, so the end record is the last thing in the file.
   */
  private static void expectEndRecord(Path path) {
    byte[] end = new byte[END_RECORD];
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      file.seek(Math.max(0, file.length() - END_RECORD));
      file.readFully(end);
    } catch (IOException e) {
      throw Inputs.failure(path, e);
    }
    boolean signed = end[0] == 'P' && end[1] == 'K' && end[2] == 5 && end[3] == 6;
    if (!signed || end[END_RECORD - 2] != 0 || end[END_RECORD - 1] != 0) {
      throw Inputs.error(
          path, "does not end with a zip end record: cut off, or followed by other bytes");
    }
  }

  /** Whether content that starts like this is a zip archive. */
  static boolean matches(byte[] start) {
    return start.length >= 4
        && start[0] == 'P'
        && start[1] == 'K'
        && ((start[2] == 3 && start[3] == 4) || (start[2] == 5 && start[3] == 6));
  }

  private static final class Archive {
    private final Path path;
    private final ZipFile zip;
    private final Map<String, ZipEntry> entries = new LinkedHashMap<>();

    Archive(Path path, ZipFile zip) {
      this.path = path;
      this.zip = zip;
      for (ZipEntry entry : zip.stream().map(ZipEntry.class::cast).toList()) {
        String name = entry.getName();
        String key =
            name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
        if (entries.put(key, entry) != null) {
          throw error("holds '%s' twice".formatted(InputException.printable(key)));
        }
      }
      if (entries.isEmpty()) {
        throw error("holds no arrays");
      }
    }

    Map<String, NpyArray> readAll() throws IOException {
      Map<String, NpyArray> arrays = new LinkedHashMap<>();
      for (String key : entries.keySet()) {
        arrays.put(key, read(key));
      }
      return arrays;
    }

    NpyArray read(String key) throws IOException {
      ZipEntry entry = entries.get(key);
      try (InputStream stream = content(entry)) {
        CheckedInputStream checked = new CheckedInputStream(stream, new CRC32());
        ByteSource source = source(key, checked);
        NpyArray array = Npy.read(source, source.file().toString());
        if (checked.getChecksum().getValue() != entry.getCrc()) {
          throw source.error("the checksum does not match");
        }
        return array;
      }
    }

    byte[] readRows(String key, int[] shape, int[] rows) throws IOException {
      ZipEntry entry = entries.get(key);
      if (entry == null) {
        throw error("holds no array '%s'".formatted(key));
      }
      int size = Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact);
      byte[] values = Inputs.allocate(path, (long) rows.length * size, 1, byte[]::new);
      long[] wanted = new long[rows.length]; // row, place
      for (int i = 0; i < rows.length; i++) {
        wanted[i] = (long) Objects.checkIndex(rows[i], shape[0]) << Integer.SIZE | i;
      }
      Arrays.sort(wanted);
      try (CheckedInputStream checked = new CheckedInputStream(content(entry), new CRC32());
          ByteSource source = source(key, checked)) {
        NpyHeader header = Npy.readHeader(source);
        if (header.type() != NpyArray.Type.U1
            || header.fortranOrder()
            || !Arrays.equals(header.shape(), shape)) {
          throw source.error(
              "is %s %s, expected unsigned bytes %s, row by row"
                  .formatted(
                      header.type(), Arrays.toString(header.shape()), Arrays.toString(shape)));
        }
        byte[] row = new byte[size];
        int next = 0;
        for (int i = 0; i < shape[0]; i++) {
          source.readFully(row, 0, size, "rows");
          for (; next < rows.length && wanted[next] >>> Integer.SIZE == i; next++) {
            System.arraycopy(row, 0, values, (int) wanted[next] * size, size);
          }
        }
        source.expectEnd((long) shape[0] * size);
        if (checked.getChecksum().getValue() != entry.getCrc()) {
          throw source.error("the checksum does not match");
        }
      }
      return values;
    }

    /** The header of an array, or nothing if it is of a kind that is not read. */
    private Optional<NpyHeader> header(String key) throws IOException {
      try (InputStream stream = content(entries.get(key))) {
        return Optional.of(Npy.readHeader(source(key, stream)));
      } catch (InputException e) {
        return Optional.empty();
      }
    }

    private InputStream content(ZipEntry entry) throws IOException {
      InputStream stream = zip.getInputStream(entry);
      if (stream == null) {
        throw error("an entry without content");
      }
      return stream;
    }

    private ByteSource source(String key, InputStream stream) throws IOException {
      long mostBytes =
          Math.min(entries.get(key).getSize(), Files.size(path) * StrictGzipStream.MAX_EXPANSION);
      return ByteSource.ofPart(path + "[" + InputException.printable(key) + "]", stream, mostBytes);
    }

    Dataset readDataset() throws IOException {
      String dataKey = dataKey();
      NpyArray data = read(dataKey);
      for (String key : LABEL_KEYS) {
        if (entries.containsKey(key)
            && header(key).filter(h -> h.shape().length == 1 && h.type().isInteger()).isPresent()) {
          return Npy.toDataset(Inputs.nameOf(path), data, read(key).toInts());
        }
      }
      return Npy.toDataset(Inputs.nameOf(path), data, null);
    }

    private String dataKey() throws IOException {
      for (String key : DATA_KEYS) {
        if (entries.containsKey(key)) {
          return key;
        }
      }
      List<String> candidates = new ArrayList<>();
      for (String key : entries.keySet()) {
        if (header(key).filter(h -> h.shape().length >= 2).isPresent()) {
          candidates.add(key);
        }
      }
      if (candidates.size() != 1) {
        throw error(
            "holds %s, expected samples under one of %s or in the only array of 2 dimensions or more"
                .formatted(InputException.printable(entries.keySet().toString()), DATA_KEYS));
      }
      return candidates.get(0);
    }

    private InputException error(String text) {
      return Inputs.error(path, text);
    }
  }
}
