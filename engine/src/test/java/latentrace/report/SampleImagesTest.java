package latentrace.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class SampleImagesTest {
  private static final String PREFIX = "data:image/png;base64,";

  @Test
  void grayIsClampedAndSurvivesPng() throws IOException {
    float[] values = {0, 1, 0.5f, -3, 7, Float.NaN};
    int[] expected = {0, 255, 128, 0, 255, 0};
    for (int[] shape : new int[][] {{2, 3}, {1, 2, 3}}) {
      BufferedImage image = decode(SampleImages.dataUri(values, shape));
      assertEquals(3, image.getWidth());
      assertEquals(2, image.getHeight());
      for (int i = 0; i < 6; i++) {
        assertEquals(expected[i], image.getRaster().getSample(i % 3, i / 3, 0));
      }
    }
  }

  @Test
  void colourPlanesGoToRedGreenBlue() throws IOException {
    // [3,1,2]: the left pixel is (1, 0, 0.2), the right one (0, 1, 0.4)
    float[] values = {1, 0, 0, 1, 0.2f, 0.4f};
    BufferedImage image = decode(SampleImages.dataUri(values, new int[] {3, 1, 2}));
    assertEquals(0xff0033, image.getRGB(0, 0) & 0xffffff);
    assertEquals(0x00ff66, image.getRGB(1, 0) & 0xffffff);
  }

  @Test
  void seriesRunsFromLowLeftToHighRight() {
    BufferedImage image = SampleImages.render(new float[] {-1, Float.NaN, 5, 6}, new int[] {4});
    assertTrue(opaque(image, 8, 120));
    assertTrue(opaque(image, 184, 8));
    assertFalse(opaque(image, 8, 8));
    assertFalse(opaque(image, 66, 80));
    assertTrue(opaque(SampleImages.render(new float[] {3}, new int[] {1}), 8, 64));
  }

  @Test
  void otherShapesAreRefused() {
    assertFalse(SampleImages.canRender(new int[] {2, 4, 4}));
    assertEquals(
        "sample shape [2, 1, 1] has no picture, expected [H,W], [1,H,W], [3,H,W] or [D]",
        assertThrows(
                IllegalArgumentException.class,
                () -> SampleImages.render(new float[2], new int[] {2, 1, 1}))
            .getMessage());
    assertEquals(
        "3 values for sample shape [2, 2]",
        assertThrows(
                IllegalArgumentException.class,
                () -> SampleImages.render(new float[3], new int[] {2, 2}))
            .getMessage());
  }

  private static boolean opaque(BufferedImage image, int x, int y) {
    return image.getRGB(x, y) >>> 24 > 128;
  }

  private static BufferedImage decode(String uri) throws IOException {
    assertTrue(uri.startsWith(PREFIX), uri);
    byte[] png = Base64.getDecoder().decode(uri.substring(PREFIX.length()));
    return ImageIO.read(new ByteArrayInputStream(png));
  }
}
