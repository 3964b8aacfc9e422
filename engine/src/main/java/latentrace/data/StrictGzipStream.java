package latentrace.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Gunzips one or more members (RFC 1952). Unlike {@link java.util.zip.GZIPInputStream} it refuses
 * bytes after the last member instead of ignoring them.
 */
final class StrictGzipStream extends InputStream {
  /** Deflate turns one byte into at most this many. */
  static final int MAX_EXPANSION = 1032;

  private static final int FLAG_HEADER_CRC = 2;
  private static final int FLAG_EXTRA = 4;
  private static final int FLAG_NAME = 8;
  private static final int FLAG_COMMENT = 16;
  private static final int FLAGS_RESERVED = 0xe0;

  private final InputStream in;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;
  private boolean ended;

  StrictGzipStream(InputStream in) throws IOException {
    this.in = in;
    readHeader("not a gzip header");
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (!ended) {
      int count = inflate(target, offset, length);
      if (count > 0) {
        crc.update(target, offset, count);
        return count;
      }
      if (inflater.finished()) {
        finishMember();
      } else if (inflater.needsDictionary()) {
        throw new ZipException("a preset dictionary is asked for");
      } else if (!fill()) {
        throw endsEarly();
      }
    }
    return -1;
  }

  private int inflate(byte[] target, int offset, int length) throws ZipException {
    try {
      inflater.setInput(buffer, position, limit - position);
      int count = inflater.inflate(target, offset, length);
      position = limit - inflater.getRemaining();
      return count;
    } catch (DataFormatException e) {
      throw new ZipException(e.getMessage() == null ? "not deflated" : e.getMessage());
    }
  }

  private void finishMember() throws IOException {
    long expectedCrc = readShort() | (long) readShort() << 16;
    long expectedSize = readShort() | (long) readShort() << 16;
    if (expectedCrc != crc.getValue()) {
      throw new ZipException("the checksum does not match");
    }
    if (expectedSize != (inflater.getBytesWritten() & 0xffffffffL)) {
      throw new ZipException("the stored length does not match");
    }
    if (position < limit || fill()) {
      inflater.reset();
      crc.reset();
      readHeader("bytes after the end of the gzip data");
    } else {
      ended = true;
    }
  }

  private void readHeader(String otherwise) throws IOException {
    if (readByte() != 0x1f || readByte() != 0x8b || readByte() != 8) {
      throw new ZipException(otherwise);
    }
    int flags = readByte();
    if ((flags & FLAGS_RESERVED) != 0) {
      throw new ZipException("reserved flags are set");
    }
    skip(6);
    if ((flags & FLAG_EXTRA) != 0) {
      skip(readShort());
    }
    if ((flags & FLAG_NAME) != 0) {
      skipText();
    }
    if ((flags & FLAG_COMMENT) != 0) {
      skipText();
    }
    if ((flags & FLAG_HEADER_CRC) != 0) {
      skip(2);
    }
  }

  private void skip(int bytes) throws IOException {
    for (int i = 0; i < bytes; i++) {
      readByte();
    }
  }

  private void skipText() throws IOException {
    int next;
    do {
      next = readByte();
    } while (next != 0);
  }

  private int readShort() throws IOException {
    return readByte() | readByte() << 8;
  }

  private int readByte() throws IOException {
    if (position == limit && !fill()) {
      throw endsEarly();
    }
    return buffer[position++] & 0xff;
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = Math.max(0, in.read(buffer, 0, buffer.length));
    return limit > 0;
  }

  private static EOFException endsEarly() {
    return new EOFException("the data end early");
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }
}
