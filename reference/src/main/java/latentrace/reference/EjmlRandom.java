package latentrace.reference;

import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import latentrace.backend.Philox;
import latentrace.backend.RandomOps;

final class EjmlRandom extends RandomOps {
  private final int[] words = new int[4];
  private final float[] normals = new float[4];

  EjmlRandom(Backend owner) {
    super(owner);
  }

  @Override
  protected void doNormals(
      long key, int stream, int[] samples, int n, int draws, int size, Buffer out) {
    EjmlBuffer to = (EjmlBuffer) out;
    int at = to.offset;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < draws; j++) {
        for (int l = 0; l < size; l++) {
          if (l % 4 == 0) {
            Philox.block(key, l / 4, j, samples[i], stream, words);
            Philox.normals(words, normals);
          }
          to.data[at++] = normals[l % 4];
        }
      }
    }
  }

  @Override
  protected void doMask(
      long key, int stream, int[] samples, int n, int size, double p, Buffer x, Buffer y) {
    EjmlBuffer from = (EjmlBuffer) x;
    EjmlBuffer to = (EjmlBuffer) y;
    for (int i = 0; i < n; i++) {
      for (int l = 0; l < size; l++) {
        if (l % 4 == 0) {
          Philox.block(key, l / 4, 0, samples[i], stream, words);
        }
        int at = i * size + l;
        boolean kept = Philox.uniform(words[l % 4]) > p;
        to.data[to.offset + at] = kept ? from.data[from.offset + at] : 0;
      }
    }
  }
}
