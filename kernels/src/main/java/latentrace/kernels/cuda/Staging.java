package latentrace.kernels.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/**
 * Copies between Java arrays and the device through two page-locked pieces: while the device copies
 * one, the other is filled or emptied. An upload returns when the array has been read, a download
 * when it has been written.
 */
final class Staging implements AutoCloseable {
  /** Bytes of one piece. */
  private static final int PIECE = 1 << 22;

  private static final int WORD = Float.BYTES;

  /** Puts the words {@code first .. first+count-1} of an upload into {@code target}. */
  interface Source {
    void put(ByteBuffer target, int first, int count);
  }

  /** Takes the words {@code first .. first+count-1} of a download from {@code source}. */
  interface Sink {
    void get(ByteBuffer source, int first, int count);
  }

  private static final class Piece {
    final Pointer pointer = new Pointer();
    final CUevent copied = new CUevent();
    ByteBuffer bytes;
  }

  private final Context context;
  private final Launcher launcher;
  private final Cleanup cleanup = new Cleanup();
  private final Piece[] pieces = {new Piece(), new Piece()};
  private int turn;

  Staging(Context context, Launcher launcher) {
    this.context = context;
    this.launcher = launcher;
    try {
      for (Piece piece : pieces) {
        Status.driver(JCudaDriver.cuMemAllocHost(piece.pointer, PIECE), "cuMemAllocHost");
        cleanup.add(() -> JCudaDriver.cuMemFreeHost(piece.pointer));
        piece.bytes = piece.pointer.getByteBuffer(0, PIECE).order(ByteOrder.nativeOrder());
        Status.driver(
            JCudaDriver.cuEventCreate(piece.copied, CUevent_flags.CU_EVENT_DISABLE_TIMING),
            "cuEventCreate");
        cleanup.add(() -> JCudaDriver.cuEventDestroy(piece.copied));
      }
    } catch (RuntimeException e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  /** Copies {@code words} four-byte words to {@code target}. */
  void upload(CUdeviceptr target, int words, Source source) {
    context.enter();
    for (int first = 0; first < words; first += PIECE / WORD) {
      int count = Math.min(PIECE / WORD, words - first);
      Piece piece = pieces[turn];
      turn = 1 - turn;
      launcher.check(JCudaDriver.cuEventSynchronize(piece.copied), "cuEventSynchronize");
      source.put(piece.bytes.clear(), first, count);
      launcher.check(
          JCudaDriver.cuMemcpyHtoDAsync(
              target.withByteOffset((long) first * WORD),
              piece.pointer,
              (long) count * WORD,
              context.stream),
          "cuMemcpyHtoDAsync");
      launcher.check(JCudaDriver.cuEventRecord(piece.copied, context.stream), "cuEventRecord");
    }
  }

  /** Copies {@code words} four-byte words from {@code source}, after all that has been queued. */
  void download(CUdeviceptr source, int words, Sink sink) {
    context.enter();
    if (words > 0) {
      queueDownload(source, 0, words);
    }
    for (int first = 0; first < words; first += PIECE / WORD) {
      Piece piece = pieces[1 - turn];
      int next = first + PIECE / WORD;
      if (next < words) {
        queueDownload(source, next, words);
      }
      launcher.check(JCudaDriver.cuEventSynchronize(piece.copied), "cuEventSynchronize");
      sink.get(piece.bytes.clear(), first, Math.min(PIECE / WORD, words - first));
    }
  }

  private void queueDownload(CUdeviceptr source, int first, int words) {
    Piece piece = pieces[turn];
    turn = 1 - turn;
    launcher.check(
        JCudaDriver.cuMemcpyDtoHAsync(
            piece.pointer,
            source.withByteOffset((long) first * WORD),
            (long) Math.min(PIECE / WORD, words - first) * WORD,
            context.stream),
        "cuMemcpyDtoHAsync");
    launcher.check(JCudaDriver.cuEventRecord(piece.copied, context.stream), "cuEventRecord");
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
