package latentrace.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import picocli.CommandLine.Option;

/** The size that images are brought to, the same in every command. */
final class ImageSize {
  private static final Pattern SIZE = Pattern.compile("([1-9]\\d{0,4})x([1-9]\\d{0,4})");

  @Option(
      names = "--resize",
      paramLabel = "WxH",
      description =
          "resize the images to W times H pixels, bilinear as Pillow does, e.g. 64x64."
              + " Default: as they are")
  private String resize;

  /** The samples in the size asked for. */
  Dataset apply(Dataset data) {
    if (resize == null) {
      return data;
    }
    Matcher size = SIZE.matcher(resize);
    if (!size.matches()) {
      throw new InputException(
          "--resize: found '%s', expected width x height such as 64x64".formatted(resize));
    }
    return data.resized(Integer.parseInt(size.group(2)), Integer.parseInt(size.group(1)));
  }

  /** As provenance has it. */
  String describe() {
    return resize == null ? "none" : resize;
  }
}
