package latentrace.nn;

/** [N,C·H·W] seen as [N,C,H,W]. */
public record Unflatten(int channels, int height, int width) implements Reshaping {
  @Override
  public int inputSize() {
    return channels * height * width;
  }

  @Override
  public String describe() {
    return "Unflatten(%d, %d, %d)".formatted(channels, height, width);
  }
}
