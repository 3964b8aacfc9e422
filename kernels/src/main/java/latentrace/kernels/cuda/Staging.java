package latentrace.kernels.cuda;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import latentrace.backend.Cleanup;

/**
 * Copies between Java arrays and the device through a ring of page-locked pieces. An upload returns
 * when the array has been read, a download when it has been written.
 *
 * <p>An upload does not wait for what has been queued: a stream of its own carries each piece to a
 * place on the device that belongs to it, while the backend's stream still computes; that stream
 * takes it from there when it comes to it. So an upload overwrites its target only after what was
 * queued before, like any operation, and the slow way over the bus has been gone by then.
 */
final class Staging implements AutoCloseable {
  /** Bytes of one piece. */
  static final int PIECE = 1 << 20;

  /** Pieces: as much as may be on its way ahead of the computation. */
  static final int PIECES = 4;

  private static final double MILLIS = 1e3;

  /** Puts the elements {@code first .. first+count-1} of an upload into {@code target}. */
  interface Source {
    void put(ByteBuffer target, int first, int count);
  }

  /** Takes the words {@code first .. first+count-1} of a download from {@code source}. */
  interface Sink {
    void get(ByteBuffer source, int first, int count);
  }

  /** Queues, on the backend's stream, moving a piece's elements to where they belong. */
  interface Arrival {
    void queue(DevicePointer piece, int first, int count);
  }

  private static final class Piece {
    /** The page-locked memory has been read or written by the device. */
    final CUevent copied = new CUevent();

    /** The device's place has been read by the backend's stream. */
    final CUevent taken = new CUevent();

    /** Just before the copy, when copies are timed. */
    final CUevent begun = new CUevent();

    Pointer pointer;
    ByteBuffer bytes;
    DevicePointer place;
    boolean timed;
  }

  private final Context context;
  private final Launcher launcher;
  private final CUstream copies = new CUstream();
  private final Cleanup cleanup = new Cleanup();
  private final Piece[] pieces = new Piece[PIECES];
  private int turn;
  private boolean timing;
  private double seconds;

  /**
   * Takes the memory of all pieces.
   *
   * @param memory gives the places on the device, and outlives this
   */
  Staging(Context context, Launcher launcher, DeviceMemory memory) {
    this.context = context;
    this.launcher = launcher;
    context.enter();
    try {
      DeviceMemory.Block places = memory.allocate((long) PIECES * PIECE);
      cleanup.add(places::close);
      Status.driver(
          JCudaDriver.cuStreamCreate(copies, CUstream_flags.CU_STREAM_NON_BLOCKING),
          "cuStreamCreate");
      cleanup.add(() -> JCudaDriver.cuStreamDestroy(copies));
      for (int p = 0; p < PIECES; p++) {
        Piece piece = new Piece();
        pieces[p] = piece;
        piece.place = places.pointer.withByteOffset((long) p * PIECE);
        HostMemory locked = cleanup.add(new HostMemory(PIECE), HostMemory::close);
        piece.pointer = locked.at(0);
        piece.bytes = locked.bytes;
        create(piece.copied, CUevent_flags.CU_EVENT_DEFAULT);
        create(piece.taken, CUevent_flags.CU_EVENT_DISABLE_TIMING);
        create(piece.begun, CUevent_flags.CU_EVENT_DEFAULT);
      }
      cleanup.add(() -> JCudaDriver.cuStreamSynchronize(copies));
    } catch (RuntimeException e) {
      cleanup.closeAfter(e);
      throw e;
    }
  }

  private void create(CUevent event, int flags) {
    Status.driver(JCudaDriver.cuEventCreate(event, flags), "cuEventCreate");
    cleanup.add(() -> JCudaDriver.cuEventDestroy(event));
  }

  /** From now on, copies are timed. */
  void beginTiming() {
    timing = true;
    seconds = 0;
  }

  /** Seconds of all copies since {@link #beginTiming}. */
  double endTiming() {
    for (Piece piece : pieces) {
      awaitCopy(piece);
    }
    timing = false;
    return seconds;
  }

  private void begin(Piece piece, CUstream stream) {
    if (timing) {
      awaitCopy(piece); // its events serve again
      check(JCudaDriver.cuEventRecord(piece.begun, stream), "cuEventRecord");
      piece.timed = true;
    }
  }

  private void awaitCopy(Piece piece) {
    check(JCudaDriver.cuEventSynchronize(piece.copied), "cuEventSynchronize");
    account(piece);
  }

  private void account(Piece piece) {
    if (piece.timed) {
      float[] millis = new float[1];
      check(
          JCudaDriver.cuEventElapsedTime(millis, piece.begun, piece.copied), "cuEventElapsedTime");
      seconds += millis[0] / MILLIS;
      piece.timed = false;
    }
  }

  private Piece next() {
    Piece piece = pieces[turn];
    turn = (turn + 1) % PIECES;
    return piece;
  }

  /** Copies {@code words} four-byte words to {@code target}. */
  void upload(CUdeviceptr target, int words, Source source) {
    upload(
        words,
        Float.BYTES,
        source,
        (piece, first, count) ->
            check(
                JCudaDriver.cuMemcpyDtoDAsync(
                    target.withByteOffset((long) first * Float.BYTES),
                    piece,
                    (long) count * Float.BYTES,
                    context.stream),
                "cuMemcpyDtoDAsync"));
  }

  /**
   * Carries elements to the device, as many at a time as a piece holds.
   *
   * @param size bytes of an element
   */
  void upload(int elements, int size, Source source, Arrival arrival) {
    context.enter();
    try {
      carry(elements, size, source, arrival);
    } catch (RuntimeException e) {
      drain();
      throw e;
    }
  }

  private void carry(int elements, int size, Source source, Arrival arrival) {
    int most = PIECE / size;
    for (int first = 0; first < elements; first += most) {
      int count = Math.min(most, elements - first);
      Piece piece = next();
      awaitCopy(piece);
      source.put(piece.bytes.clear(), first, count);
      check(JCudaDriver.cuStreamWaitEvent(copies, piece.taken, 0), "cuStreamWaitEvent");
      begin(piece, copies);
      check(
          JCudaDriver.cuMemcpyHtoDAsync(piece.place, piece.pointer, (long) count * size, copies),
          "cuMemcpyHtoDAsync");
      check(JCudaDriver.cuEventRecord(piece.copied, copies), "cuEventRecord");
      check(JCudaDriver.cuStreamWaitEvent(context.stream, piece.copied, 0), "cuStreamWaitEvent");
      arrival.queue(piece.place, first, count);
      check(JCudaDriver.cuEventRecord(piece.taken, context.stream), "cuEventRecord");
    }
  }

  /** Copies {@code words} four-byte words from {@code source}, after all that has been queued. */
  void download(CUdeviceptr source, int words, Sink sink) {
    context.enter();
    try {
      fetch(source, words, sink);
    } catch (RuntimeException e) {
      drain();
      throw e;
    }
  }

  private void fetch(CUdeviceptr source, int words, Sink sink) {
    int most = PIECE / Float.BYTES;
    Piece next = words > 0 ? queueDownload(source, 0, words) : null;
    for (int first = 0; first < words; first += most) {
      Piece piece = next;
      if (first + most < words) {
        next = queueDownload(source, first + most, words);
      }
      awaitCopy(piece);
      sink.get(piece.bytes.clear(), first, Math.min(most, words - first));
    }
  }

  /** No upload still reads the piece: the backend's stream has waited for each. */
  private Piece queueDownload(CUdeviceptr source, int first, int words) {
    Piece piece = next();
    begin(piece, context.stream);
    check(
        JCudaDriver.cuMemcpyDtoHAsync(
            piece.pointer,
            source.withByteOffset((long) first * Float.BYTES),
            (long) Math.min(PIECE / Float.BYTES, words - first) * Float.BYTES,
            context.stream),
        "cuMemcpyDtoHAsync");
    check(JCudaDriver.cuEventRecord(piece.copied, context.stream), "cuEventRecord");
    return piece;
  }

  /** After a failure no event tells what a piece is still used for: it waits for everything. */
  private void drain() {
    JCudaDriver.cuStreamSynchronize(copies);
    context.await();
  }

  private void check(int result, String call) {
    launcher.check(result, call);
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
