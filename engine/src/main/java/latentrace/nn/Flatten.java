package latentrace.nn;

/** [N,C,H,W] seen as [N,C·H·W]. */
public record Flatten(int size) implements Reshaping {
  @Override
  public int inputSize() {
    return size;
  }

  @Override
  public String describe() {
    return "Flatten(" + size + ")";
  }
}
