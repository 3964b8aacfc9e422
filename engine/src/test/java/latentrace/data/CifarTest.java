package latentrace.data;

import static latentrace.data.TestFiles.assertRefused;
import static latentrace.data.TestFiles.gzip;
import static latentrace.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CifarTest {
  @TempDir private Path folder;

  @Test
  void readsTenAndHundredClasses() {
    byte[] ten = new byte[2 * 3073];
    ten[0] = 9;
    ten[1] = (byte) 255;
    ten[3073] = 4;
    ten[3073 + 1 + 1024] = 51;
    for (byte[] content : new byte[][] {ten, gzip(ten)}) {
      Dataset data = Cifar.read(write(folder.resolve("a.bin"), content));
      assertArrayEquals(new int[] {9, 4}, data.labels());
      assertArrayEquals(new int[] {3, 32, 32}, data.sampleShape());
      assertEquals(1f, data.sample(0)[0]);
      assertEquals(0.2f, data.sample(1)[1024]);
    }
    byte[] hundred = new byte[3074];
    hundred[0] = 19;
    hundred[1] = 99;
    hundred[3073] = 51;
    Dataset data = Cifar.read(write(folder.resolve("a.bin"), hundred));
    assertArrayEquals(new int[] {99}, data.labels());
    assertEquals(0.2f, data.sample(0)[3071]);
  }

  @Test
  void labelsAndNameDecideWhereBothSizesFit() {
    byte[] both = new byte[3073 * 3074];
    assertEquals(3074, Cifar.read(write(folder.resolve("a.bin"), both)).count());
    assertEquals(3073, Cifar.read(write(folder.resolve("CIFAR-100.bin"), both)).count());
    both[0] = 15;
    assertEquals(3073, Cifar.read(write(folder.resolve("a.bin"), both)).count());
  }

  @Test
  void saysWhatIsWrong() {
    Path file = folder.resolve("a.bin");
    write(file, new byte[3072]);
    assertRefused(
        file,
        "3072 bytes, expected records of 3073 bytes (CIFAR-10) or 3074 bytes (CIFAR-100)",
        () -> Cifar.read(file));
    byte[] bad = new byte[2 * 3073];
    bad[3073] = 10;
    write(file, bad);
    assertRefused(file, "CIFAR-10 record 1 has label 10, expected 0 to 9", () -> Cifar.read(file));
  }
}
