package latentrace.kernels.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, one file for each source, options and compiler. A file is the SHA-256
 * of an image and the image. It appears whole or not at all, so that processes may share the
 * folder; one that is damaged is built again. Without a folder to write to, nothing is kept.
 */
final class KernelCache {
  /** System property: the folder, instead of {@code ~/.cache/latentrace/cuda}. */
  static final String FOLDER = "latentrace.cuda.cache";

  private static final Logger LOG = LoggerFactory.getLogger(KernelCache.class);
  private static final int HASH_LENGTH = 32;

  private final Path folder;

  KernelCache(Path folder) {
    this.folder = folder;
  }

  /** The user's. */
  static KernelCache ofUser() {
    String named = System.getProperty(FOLDER);
    if (named != null) {
      return new KernelCache(Path.of(named));
    }
    String base = System.getenv("XDG_CACHE_HOME");
    Path cache =
        base == null || base.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(base);
    return new KernelCache(cache.resolve("latentrace").resolve("cuda"));
  }

  /** The image for these arguments, from its file or built and then written to it. */
  byte[] get(KernelSource source, List<String> options, String compiler, Supplier<byte[]> build) {
    Path file = folder.resolve(key(source, options, compiler) + ".image");
    byte[] image = read(file);
    if (image == null) {
      image = build.get();
      write(file, image);
    }
    return image;
  }

  private static String key(KernelSource source, List<String> options, String compiler) {
    MessageDigest digest = sha256();
    source
        .files()
        .forEach(
            (name, text) -> {
              add(digest, name);
              add(digest, text);
            });
    options.forEach(option -> add(digest, option));
    add(digest, compiler);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void add(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static byte[] read(Path file) {
    try {
      byte[] content = Files.readAllBytes(file);
      if (content.length > HASH_LENGTH) {
        byte[] image = Arrays.copyOfRange(content, HASH_LENGTH, content.length);
        if (Arrays.equals(sha256().digest(image), Arrays.copyOf(content, HASH_LENGTH))) {
          return image;
        }
      }
      LOG.info("{} is damaged: compiled again", file);
    } catch (NoSuchFileException e) {
      LOG.debug("{} is not there yet", file);
    } catch (IOException e) {
      LOG.info("{} cannot be read: {}", file, e.toString());
    }
    return null;
  }

  private void write(Path file, byte[] image) {
    try {
      Files.createDirectories(folder);
      Path part = Files.createTempFile(folder, "part-", null);
      try {
        byte[] content = Arrays.copyOf(sha256().digest(image), HASH_LENGTH + image.length);
        System.arraycopy(image, 0, content, HASH_LENGTH, image.length);
        Files.write(part, content);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      LOG.info("compiled kernels are not kept: {}", e.toString());
    }
  }
}
