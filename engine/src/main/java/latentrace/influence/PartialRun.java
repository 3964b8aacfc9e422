package latentrace.influence;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import latentrace.checkpoint.Difference;
import latentrace.checkpoint.Json;
import latentrace.data.AtomicFiles;
import latentrace.data.FolderLock;
import latentrace.data.InputException;

/**
 * What a scoring run has done so far, in a folder of its own, so that a run that is killed can go
 * on to the same bytes and loses at most the tile it was at:
 *
 * <ul>
 *   <li>{@code run.json}: what the run is, and how it divides its work;
 *   <li>{@code sums-<c>}: all sums after c checkpoints (doubles, then a CRC-32), written whole or
 *       not at all; none for c = 0;
 *   <li>{@code tiles-<c>}: what each finished tile of the next checkpoint adds (its index, length,
 *       doubles and CRC-32), appended one by one. A record that was cut off ends it.
 * </ul>
 */
public final class PartialRun implements AutoCloseable {
  private static final String MANIFEST = "run.json";
  private static final int RECORD_HEADER = 8;

  private final Path folder;
  private final Map<String, Object> identity;
  private FileChannel journal;
  private int checkpoint;
  private int tiles;

  /** Where a run is: this many checkpoints done, and this many tiles of the next one. */
  public record Position(int checkpoint, int tiles) {}

  /** Sums in rows of one length. */
  public interface Rows {
    /** Number of rows. */
    int count();

    /** Values in a row. */
    int length();

    /** Copies a row to target. */
    void get(int row, double[] target);

    /** Copies source to a row. */
    void set(int row, double[] source);
  }

  /** Takes what a tile adds. */
  @FunctionalInterface
  public interface TileConsumer {
    /** The values of the next tile. */
    void accept(int tile, double[] values);
  }

  private PartialRun(Path folder, Map<String, Object> identity) {
    this.folder = folder;
    this.identity = identity;
  }

  /**
   * The state of a run, found in a folder or begun there.
   *
   * @param folder made when the run begins
   * @param identity all that the result depends on: hashes of checkpoints and data, settings,
   *     backend; what JSON can hold
   * @param anew whether to forget what is there
   * @throws InputException naming the first field in which a run found there differs
   */
  public static PartialRun in(Path folder, Map<String, Object> identity, boolean anew) {
    PartialRun run = new PartialRun(folder, identity);
    if (anew && Files.isDirectory(folder)) {
      FolderLock.during(
          folder,
          "scoring",
          () -> {
            run.clear();
            return null;
          });
    }
    Path manifest = folder.resolve(MANIFEST);
    if (Files.exists(manifest)) {
      run.requireSame(Json.read(manifest, JsonNode.class).path("identity"), Json.tree(identity));
    } else if (Files.exists(folder) && !run.files().isEmpty()) {
      throw new InputException(folder + ": is no unfinished run of Latentrace's");
    }
    return run;
  }

  /** Where it lies. */
  public Path folder() {
    return folder;
  }

  private void requireSame(JsonNode there, JsonNode asked) {
    Difference.first(there, asked)
        .ifPresent(
            difference -> {
              throw new InputException(
                  "%s: cannot go on with this unfinished run: %s; --restart begins anew"
                      .formatted(folder, difference));
            });
  }

  /** Training and test samples of a tile, as the run began with; null if it has not begun. */
  public int[] division() {
    Path manifest = folder.resolve(MANIFEST);
    if (!Files.exists(manifest)) {
      return null;
    }
    JsonNode node = Json.read(manifest, JsonNode.class);
    return new int[] {node.path("tile").asInt(), node.path("testTile").asInt()};
  }

  /** Writes what the run is, unless it is there. */
  public void begin(int tile, int testTile) {
    if (!Files.exists(folder.resolve(MANIFEST))) {
      Map<String, Object> manifest = new LinkedHashMap<>();
      manifest.put("tile", tile);
      manifest.put("testTile", testTile);
      manifest.put("identity", identity);
      Json.write(folder.resolve(MANIFEST), manifest);
    }
  }

  /**
   * Reads what is done, and opens the journal to go on.
   *
   * @param sums zeros, overwritten if a checkpoint is done
   * @param add hears every finished tile of the checkpoint that the run is at
   */
  public Position restore(Rows sums, TileConsumer add) {
    try {
      checkpoint = 0;
      for (Path file : files()) {
        String name = file.getFileName().toString();
        if (name.matches("sums-\\d{1,9}")) {
          checkpoint = Math.max(checkpoint, Integer.parseInt(name.substring(5)));
        }
      }
      if (checkpoint > 0) {
        readSums(folder.resolve("sums-" + checkpoint), sums);
      }
      removeBefore(checkpoint);
      Path file = folder.resolve("tiles-" + checkpoint);
      long whole = Files.exists(file) ? replay(file, add) : 0;
      journal = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      journal.truncate(whole).position(whole);
      return new Position(checkpoint, tiles);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private static void readSums(Path file, Rows sums) throws IOException {
    CRC32 crc = new CRC32();
    try (DataInputStream in =
        new DataInputStream(
            new CheckedInputStream(new BufferedInputStream(Files.newInputStream(file)), crc))) {
      double[] row = new double[sums.length()];
      for (int r = 0; r < sums.count(); r++) {
        for (int i = 0; i < row.length; i++) {
          row[i] = in.readDouble();
        }
        sums.set(r, row);
      }
      long expected = crc.getValue();
      if (in.readLong() != expected || in.read() >= 0) {
        throw new InputException(file + ": damaged; --restart begins anew");
      }
    } catch (EOFException e) {
      throw new InputException(file + ": ends early; --restart begins anew", e);
    }
  }

  /** Reads the records up to the first that is not whole; their bytes. */
  private long replay(Path file, TileConsumer add) throws IOException {
    long whole = 0;
    tiles = 0;
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer header = ByteBuffer.allocate(RECORD_HEADER);
      while (read(in, header, whole)) {
        int tile = header.getInt(0);
        int length = header.getInt(4);
        long bytes = RECORD_HEADER + (long) length * Double.BYTES + Long.BYTES;
        if (tile != tiles || length < 0 || bytes > Math.min(in.size() - whole, Integer.MAX_VALUE)) {
          break;
        }
        ByteBuffer record = ByteBuffer.allocate((int) bytes);
        if (!read(in, record, whole) || record.getLong((int) bytes - Long.BYTES) != crc(record)) {
          break;
        }
        double[] values = new double[length];
        record.position(RECORD_HEADER).asDoubleBuffer().get(values);
        add.accept(tile, values);
        whole += bytes;
        tiles++;
      }
    }
    return whole;
  }

  private static boolean read(FileChannel in, ByteBuffer target, long position) throws IOException {
    target.clear();
    while (target.hasRemaining()) {
      if (in.read(target, position + target.position()) < 0) {
        return false;
      }
    }
    target.flip();
    return true;
  }

  private static long crc(ByteBuffer record) {
    CRC32 crc = new CRC32();
    crc.update(record.duplicate().clear().limit(record.capacity() - Long.BYTES));
    return crc.getValue();
  }

  /** Notes what the next tile of the checkpoint adds. */
  public void finished(double[] values, int count) {
    ByteBuffer record =
        ByteBuffer.allocate(RECORD_HEADER + Math.multiplyExact(count, Double.BYTES) + Long.BYTES);
    record.putInt(tiles).putInt(count);
    record.asDoubleBuffer().put(values, 0, count);
    record.putLong(record.capacity() - Long.BYTES, crc(record)).rewind();
    try {
      while (record.hasRemaining()) {
        journal.write(record);
      }
      tiles++;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** The checkpoint is done: writes all sums, and begins the journal of the next. */
  public void advance(Rows sums) {
    AtomicFiles.replace(
        folder.resolve("sums-" + (checkpoint + 1)),
        temporary -> {
          CRC32 crc = new CRC32();
          try (FileChannel out =
              FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            double[] row = new double[sums.length()];
            ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(row.length, Double.BYTES));
            for (int r = 0; r < sums.count(); r++) {
              sums.get(r, row);
              bytes.clear();
              bytes.asDoubleBuffer().put(row);
              crc.update(bytes.array());
              write(out, bytes);
            }
            write(out, ByteBuffer.allocate(Long.BYTES).putLong(0, crc.getValue()));
            out.force(true);
          }
        });
    try {
      journal.close();
      checkpoint++;
      tiles = 0;
      journal =
          FileChannel.open(
              folder.resolve("tiles-" + checkpoint),
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
      removeBefore(checkpoint);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private static void write(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  private void removeBefore(int current) {
    for (Path file : files()) {
      String name = file.getFileName().toString();
      if (name.matches("(sums|tiles)-\\d{1,9}")
          && Integer.parseInt(name.substring(name.indexOf('-') + 1)) < current) {
        AtomicFiles.delete(file);
      }
    }
  }

  private List<Path> files() {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> content = Files.newDirectoryStream(folder)) {
      content.forEach(
          file -> {
            if (!file.getFileName().toString().startsWith(".")) {
              files.add(file);
            }
          });
    } catch (IOException e) {
      throw failure(e);
    }
    return files;
  }

  /** Forgets the run: its result is written. Other files stay. */
  public void remove() {
    close();
    clear();
    if (files().isEmpty()) {
      AtomicFiles.delete(folder);
    }
  }

  private void clear() {
    AtomicFiles.delete(folder.resolve(MANIFEST));
    removeBefore(Integer.MAX_VALUE);
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, ".*.tmp")) {
      left.forEach(AtomicFiles::delete); // of a write that was cut off
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private UncheckedIOException failure(IOException e) {
    return new UncheckedIOException(folder + ": " + AtomicFiles.reason(e), e);
  }

  @Override
  public void close() {
    try {
      if (journal != null) {
        journal.close();
        journal = null;
      }
    } catch (IOException e) {
      throw failure(e);
    }
  }
}
