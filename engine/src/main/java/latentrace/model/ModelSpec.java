package latentrace.model;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.data.InputException;

/**
 * Everything that says which function a model is and which loss it minimises: the part of
 * model.json that scoring needs.
 *
 * @param model one of {@link #MODELS}
 * @param sampleShape shape of one sample
 * @param hidden widths of the encoder's hidden layers, the decoder has them reversed; of a simclr,
 *     the channels w of the first stage alone; empty for other convolutional or recurrent models
 * @param latent latent size d; 8w of a simclr
 * @param classes number of classes of a classifier, else 0
 * @param activation between layers
 * @param outputActivation after the decoder's last layer
 * @param reconstruction decoder distribution
 * @param objective H (β·KL), B (γ·|KL − C(t)|) or TC (MI + β·TC + dimension-wise KL)
 * @param beta β of objectives H and TC
 * @param gamma γ of objective B
 * @param capacity C reached at iteration capacityIterations of objective B, in nats, from 0
 *     linearly
 * @param capacityIterations see capacity
 * @param lossScale factor on the loss
 * @param pretext what a denoising-… model is trained for, denoising if not given; null for others,
 *     and not in their files
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
@JsonPropertyOrder({
  "model",
  "sampleShape",
  "hidden",
  "latent",
  "classes",
  "activation",
  "outputActivation",
  "reconstruction",
  "objective",
  "beta",
  "gamma",
  "capacity",
  "capacityIterations",
  "lossScale",
  "pretext"
})
public record ModelSpec(
    String model,
    List<Integer> sampleShape,
    List<Integer> hidden,
    int latent,
    int classes,
    Activation activation,
    Activation outputActivation,
    Reconstruction reconstruction,
    String objective,
    double beta,
    double gamma,
    double capacity,
    long capacityIterations,
    double lossScale,
    @JsonInclude(JsonInclude.Include.NON_NULL) Pretext pretext) {
  /** A β-VAE of linear layers. */
  public static final String MLP_VAE = "mlp-vae";

  /** A plain auto-encoder of linear layers. */
  public static final String MLP_AUTOENCODER = "mlp-autoencoder";

  /** A classifier of linear layers: encoder and head. */
  public static final String MLP_CLASSIFIER = "mlp-classifier";

  /** The papers' convolutional β-VAE for images of 64×64 (1Konny's {@code BetaVAE_H}). */
  public static final String CONV_VAE = "conv-vae";

  /** Burgess et al.'s convolutional β-VAE for images of 32×32 or 64×64. */
  public static final String BURGESS_VAE = "burgess-vae";

  /** Label-Free-XAI's auto-encoder for [1,28,28], for denoising or another {@link Pretext} task. */
  public static final String DENOISING_MNIST = "denoising-mnist";

  /** Papp et al.'s auto-encoder for [3,32,32], for denoising or another {@link Pretext} task. */
  public static final String DENOISING_CIFAR = "denoising-cifar";

  /** Label-Free-XAI's auto-encoder of long short-term memories for sequences [T] or [T,C]. */
  public static final String RECURRENT_AUTOENCODER = "recurrent-autoencoder";

  /** SimCLR on images of one or three channels: a ResNet-18 of any width, without labels. */
  public static final String SIMCLR = "simclr";

  /** All kinds of model. */
  public static final List<String> MODELS =
      List.of(
          MLP_VAE,
          MLP_AUTOENCODER,
          MLP_CLASSIFIER,
          CONV_VAE,
          BURGESS_VAE,
          DENOISING_MNIST,
          DENOISING_CIFAR,
          RECURRENT_AUTOENCODER,
          SIMCLR);

  /** What three stages of a ResNet divide an image's sides by, and multiply its channels by. */
  private static final int MOST_HALVED = 8;

  private static final int MOST_WIDTH = 1024;

  /** Objective β·KL. */
  public static final String OBJECTIVE_H = "H";

  /** Objective γ·|KL − C(t)|. */
  public static final String OBJECTIVE_B = "B";

  /** Objective MI + β·TC + dimension-wise KL, of a VAE: its samples share a loss. */
  public static final String OBJECTIVE_TC = "TC";

  /** Checks every field; the message names the one that is wrong. */
  public ModelSpec {
    require(MODELS.contains(model), "model", model, "one of " + String.join(", ", MODELS));
    require(
        allPositive(sampleShape) && !sampleShape.isEmpty(), "sampleShape", sampleShape, "sizes");
    require(
        sampleShape.stream().mapToDouble(s -> s).reduce(1, (a, b) -> a * b) <= Integer.MAX_VALUE,
        "sampleShape",
        sampleShape,
        "at most 2^31-1 values");
    require(latent > 0, "latent", latent, "a positive size");
    require(allPositive(hidden), "hidden", hidden, "positive widths");
    boolean hasPretext = hasPretext(model);
    require(
        hasPretext || pretext == null, "pretext", pretext, "none: only a denoising-... has a task");
    pretext = hasPretext && pretext == null ? Pretext.of(Pretext.Task.DENOISING) : pretext;
    require(
        !isClassifier(model, pretext) || classes > 1,
        "classes",
        classes,
        "at least 2 for a classifier");
    if (SIMCLR.equals(model)) {
      requireResidual(sampleShape, hidden, latent);
    } else if (isConvolutional(model)) {
      require(hidden.isEmpty(), "hidden", hidden, "none: the layers of a " + model + " are fixed");
      requireImage(model, sampleShape);
      requireFeasible(List.of(1), List.of(2048), latent);
    } else if (isRecurrent(model)) {
      require(hidden.isEmpty(), "hidden", hidden, "none: the layers of a " + model + " are fixed");
      requireSequence(sampleShape, latent);
      require(activation == Activation.TANH, "activation", activation, "tanh, its cells' own");
    } else {
      requireFeasible(sampleShape, hidden, latent);
    }
    require(activation != null, "activation", null, "a name");
    require(outputActivation != null, "outputActivation", null, "a name");
    require(reconstruction != null, "reconstruction", null, "a name");
    require(
        List.of(OBJECTIVE_H, OBJECTIVE_B).contains(objective)
            || (OBJECTIVE_TC.equals(objective) && isVae(model)),
        "objective",
        objective,
        isVae(model) ? "H, B or TC" : "H or B");
    require(beta >= 0 && Double.isFinite(beta), "beta", beta, "a number >= 0");
    require(gamma >= 0 && Double.isFinite(gamma), "gamma", gamma, "a number >= 0");
    require(capacity >= 0 && Double.isFinite(capacity), "capacity", capacity, "a number >= 0");
    require(capacityIterations >= 0, "capacityIterations", capacityIterations, "a number >= 0");
    require(lossScale > 0 && Double.isFinite(lossScale), "lossScale", lossScale, "a number > 0");
    sampleShape = List.copyOf(sampleShape);
    hidden = List.copyOf(hidden);
  }

  /** A model without a {@link Pretext}, or with the usual one. */
  public ModelSpec(
      String model,
      List<Integer> sampleShape,
      List<Integer> hidden,
      int latent,
      int classes,
      Activation activation,
      Activation outputActivation,
      Reconstruction reconstruction,
      String objective,
      double beta,
      double gamma,
      double capacity,
      long capacityIterations,
      double lossScale) {
    this(
        model,
        sampleShape,
        hidden,
        latent,
        classes,
        activation,
        outputActivation,
        reconstruction,
        objective,
        beta,
        gamma,
        capacity,
        capacityIterations,
        lossScale,
        null);
  }

  /** Every weight matrix has to be one array. */
  private static void requireFeasible(List<Integer> shape, List<Integer> hidden, int latent) {
    long before = shape.stream().mapToLong(s -> s).reduce(1, (a, b) -> a * b);
    for (int width : hidden) {
      require(
          before * width <= Integer.MAX_VALUE, "hidden", hidden, "at most 2^31-1 weights a layer");
      before = width;
    }
    require(
        2 * before * latent <= Integer.MAX_VALUE,
        "latent",
        latent,
        "at most 2^31-1 weights a layer");
  }

  private static boolean isConvolutional(String model) {
    return List.of(CONV_VAE, BURGESS_VAE, DENOISING_MNIST, DENOISING_CIFAR, SIMCLR).contains(model);
  }

  /** Three stages halve the image; the projector has 8w·32w weights. */
  private static void requireResidual(List<Integer> shape, List<Integer> hidden, int latent) {
    boolean image =
        shape.size() == 3
            && (shape.get(0) == 1 || shape.get(0) == 3)
            && shape.get(1) >= MOST_HALVED
            && shape.get(2) >= MOST_HALVED;
    require(image, "sampleShape", shape, "[1,H,W] or [3,H,W] of at least 8x8 for a " + SIMCLR);
    require(
        hidden.size() == 1 && hidden.get(0) <= MOST_WIDTH,
        "hidden",
        hidden,
        "one width of 1 to %d for a %s".formatted(MOST_WIDTH, SIMCLR));
    require(
        latent == MOST_HALVED * hidden.get(0),
        "latent",
        latent,
        "%d, eight times the width".formatted(MOST_HALVED * hidden.get(0)));
  }

  private static void requireImage(String model, List<Integer> shape) {
    boolean image = shape.size() == 3;
    int height = image ? shape.get(1) : 0;
    int width = image ? shape.get(2) : 0;
    switch (model) {
      case CONV_VAE ->
          require(height == 64 && width == 64, "sampleShape", shape, "[C,64,64] for a " + CONV_VAE);
      case BURGESS_VAE ->
          require(
              height == width && (height == 32 || height == 64),
              "sampleShape",
              shape,
              "[C,32,32] or [C,64,64] for a " + BURGESS_VAE);
      case DENOISING_MNIST ->
          require(
              shape.equals(List.of(1, 28, 28)),
              "sampleShape",
              shape,
              "[1,28,28] for a " + DENOISING_MNIST);
      default ->
          require(
              shape.equals(List.of(3, 32, 32)),
              "sampleShape",
              shape,
              "[3,32,32] for a " + DENOISING_CIFAR);
    }
  }

  private static boolean isRecurrent(String model) {
    return RECURRENT_AUTOENCODER.equals(model);
  }

  /**
   * The widest layers have 2d units, whose gates' weights on C features and 2d states are 8d rows.
   */
  private static void requireSequence(List<Integer> shape, int latent) {
    require(shape.size() <= 2, "sampleShape", shape, "[T] or [T,C] for a " + RECURRENT_AUTOENCODER);
    long channels = shape.size() == 2 ? shape.get(1) : 1;
    long widest = Math.max(2L * latent, channels);
    require(
        8.0 * latent * widest <= Integer.MAX_VALUE
            && 8.0 * latent * shape.get(0) <= Integer.MAX_VALUE,
        "latent",
        latent,
        "at most 2^31-1 weights a layer, and gates a sample");
  }

  /** Whether it reads sequences step by step. */
  @JsonIgnore
  public boolean isRecurrent() {
    return isRecurrent(model);
  }

  /** Whether a model of this kind has fixed, convolutional layers. */
  @JsonIgnore
  public boolean isConvolutional() {
    return isConvolutional(model);
  }

  /** Whether it has a Gaussian bottleneck, and so noise and a KL term. */
  @JsonIgnore
  public boolean isVae() {
    return isVae(model);
  }

  private static boolean isVae(String model) {
    return List.of(MLP_VAE, CONV_VAE, BURGESS_VAE).contains(model);
  }

  /** Whether models of this kind are trained for a {@link Pretext} task. */
  public static boolean hasPretext(String model) {
    return DENOISING_MNIST.equals(model) || DENOISING_CIFAR.equals(model);
  }

  private static boolean isClassifier(String model, Pretext pretext) {
    return MLP_CLASSIFIER.equals(model)
        || (pretext != null && pretext.task() == Pretext.Task.CLASSIFICATION);
  }

  /** Whether its loss is the cross-entropy of labels. */
  @JsonIgnore
  public boolean isClassifier() {
    return isClassifier(model, pretext);
  }

  private static boolean allPositive(List<Integer> sizes) {
    return sizes != null && sizes.stream().allMatch(s -> s != null && s > 0);
  }

  static void require(boolean condition, String field, Object found, String expected) {
    if (!condition) {
      throw new IllegalArgumentException(
          "%s: found %s, expected %s".formatted(field, found, expected));
    }
  }

  /**
   * The paper's MLP β-VAE (Kong &amp; Chaudhuri 2021, after Meehan et al. 2020): hidden widths
   * 8d–4d–2d, ReLU, objective H, decoder output without activation.
   */
  public static ModelSpec mlpVae(
      List<Integer> sampleShape, int latent, double beta, Reconstruction reconstruction) {
    return builder(MLP_VAE, sampleShape, latent)
        .hidden(List.of(8 * latent, 4 * latent, 2 * latent))
        .reconstruction(reconstruction)
        .beta(beta)
        .build();
  }

  /** The papers' convolutional β-VAE for [C,64,64]: ReLU, objective H, decoder output logits. */
  public static ModelSpec convVae(
      int channels, int latent, double beta, Reconstruction reconstruction) {
    return fixed(CONV_VAE, List.of(channels, 64, 64), latent, beta, reconstruction);
  }

  /** Burgess' convolutional β-VAE for [C,size,size]: ReLU, objective H, decoder output logits. */
  public static ModelSpec burgessVae(
      int channels, int size, int latent, double beta, Reconstruction reconstruction) {
    return fixed(BURGESS_VAE, List.of(channels, size, size), latent, beta, reconstruction);
  }

  /** {@link #DENOISING_MNIST} or {@link #DENOISING_CIFAR}: ReLU, sigmoid at the end, MSE. */
  public static ModelSpec denoising(String model, int latent) {
    List<Integer> shape = DENOISING_MNIST.equals(model) ? List.of(1, 28, 28) : List.of(3, 32, 32);
    return fixed(model, shape, latent, 0, Reconstruction.MSE);
  }

  /**
   * Label-Free-XAI's auto-encoder of sequences, with the L1 loss.
   *
   * @param sampleShape [T] or [T,C]
   */
  public static ModelSpec recurrent(List<Integer> sampleShape, int latent) {
    return builder(RECURRENT_AUTOENCODER, sampleShape, latent)
        .activation(Activation.TANH)
        .reconstruction(Reconstruction.L1)
        .build();
  }

  /**
   * SimCLR with a ResNet-18.
   *
   * @param sampleShape [1,H,W] or [3,H,W]
   * @param width channels of the first stage: 64 as published; the code has eight times as many
   */
  public static ModelSpec simClr(List<Integer> sampleShape, int width) {
    return builder(SIMCLR, sampleShape, MOST_HALVED * width).hidden(List.of(width)).build();
  }

  private static ModelSpec fixed(
      String model, List<Integer> shape, int latent, double beta, Reconstruction reconstruction) {
    return builder(model, shape, latent)
        .outputActivation(hasPretext(model) ? Activation.SIGMOID : Activation.IDENTITY)
        .reconstruction(reconstruction)
        .beta(beta)
        .build();
  }

  /**
   * Checks that a model of this kind can take these samples, before any work.
   *
   * @param loss what the samples are compared by, as trained or for attribution
   * @throws InputException if their size differs, a label is missing or no class, or the Bernoulli
   *     loss is asked of values outside [0,1]
   */
  public void requireFits(Dataset data, Reconstruction loss) {
    if (data.sampleSize() != sampleSize()) {
      throw new InputException(
          "%s: samples of %s, the model takes %s"
              .formatted(data.name(), data.shape(), sampleShape));
    }
    if (isClassifier()) {
      if (!data.hasLabels()) {
        throw new InputException(data.name() + ": a classifier needs labels, there are none");
      }
      for (int i = 0; i < data.count(); i++) {
        if (data.label(i) < 0 || data.label(i) >= classes) {
          throw new InputException(
              "%s: label %d of sample %d, expected 0..%d"
                  .formatted(data.name(), data.label(i), i, classes - 1));
        }
      }
    } else if ((loss == Reconstruction.BERNOULLI || SIMCLR.equals(model)) && !data.isBytes()) {
      float[] sample = new float[data.sampleSize()];
      for (int i = 0; i < data.count(); i++) {
        data.copySample(i, sample, 0);
        for (float value : sample) {
          if (!(value >= 0 && value <= 1)) {
            throw new InputException(
                "%s: value %s in sample %d; %s"
                    .formatted(
                        data.name(),
                        value,
                        i,
                        SIMCLR.equals(model)
                            ? "a simclr takes pixels in [0,1]"
                            : "the bernoulli loss takes values in [0,1], mse takes any"));
          }
        }
      }
    }
  }

  /** The same with other hidden widths. */
  public ModelSpec withHidden(List<Integer> widths) {
    return toBuilder().hidden(widths).build();
  }

  /** The same trained with another loss. */
  public ModelSpec withReconstruction(Reconstruction loss) {
    return toBuilder().reconstruction(loss).build();
  }

  /** The same with another factor on the loss. */
  public ModelSpec withLossScale(double scale) {
    return toBuilder().lossScale(scale).build();
  }

  /**
   * The same trained for another task.
   *
   * @param numberOfClasses of classification; for other tasks it says nothing
   */
  public ModelSpec withPretext(Pretext task, int numberOfClasses) {
    return toBuilder()
        .pretext(task)
        .classes(isClassifier(model, task) ? numberOfClasses : 0)
        .build();
  }

  /** The same minimising γ·|KL − C(t)| with C growing from 0 to {@code capacity} linearly. */
  public ModelSpec withBurgess(double newGamma, double newCapacity, long newIterations) {
    return toBuilder()
        .objective(OBJECTIVE_B)
        .gamma(newGamma)
        .capacity(newCapacity, newIterations)
        .build();
  }

  /** The same minimising objective TC with another β. */
  public ModelSpec withTotalCorrelation(double newBeta) {
    return toBuilder().objective(OBJECTIVE_TC).beta(newBeta).build();
  }

  /**
   * Checks that a sample has a loss, and so gradients, of its own.
   *
   * @throws InputException if the loss is one of a batch, naming it
   */
  public void requirePerSampleLoss() {
    if (OBJECTIVE_TC.equals(objective) || SIMCLR.equals(model)) {
      boolean contrastive = SIMCLR.equals(model);
      throw new InputException(
          "%s is a loss of the batch, in which a sample has no influence of its own%s"
              .formatted(
                  contrastive ? "NT-Xent, which a simclr is trained by," : "objective TC",
                  contrastive ? "" : ": score by --beta F, reconstruction + F KL, instead"));
    }
  }

  /** Number of values in one sample, D. */
  @JsonIgnore
  public int sampleSize() {
    int size = 1;
    for (int extent : sampleShape) {
      size = Math.multiplyExact(size, extent);
    }
    return size;
  }

  /** Whether the loss at an iteration differs from the one before: Burgess' capacity grows. */
  public boolean objectiveChangesAt(long iteration) {
    return OBJECTIVE_B.equals(objective) && iteration <= capacityIterations;
  }

  /** The loss at an iteration of training. */
  public Objective objectiveAt(long iteration) {
    if (OBJECTIVE_H.equals(objective)) {
      return new Objective(reconstruction, beta, Double.NaN, lossScale);
    }
    if (OBJECTIVE_TC.equals(objective)) {
      return Objective.totalCorrelation(reconstruction, beta, lossScale);
    }
    double fraction =
        capacityIterations == 0 ? 1 : Math.min(1, (double) iteration / capacityIterations);
    return new Objective(reconstruction, gamma, capacity * fraction, lossScale);
  }

  /**
   * Begins a description with the usual choices: no hidden widths, ReLU, an output without
   * activation, squared errors, objective H with β = 0.
   *
   * @param model one of {@link #MODELS}
   * @param sampleShape extents of a sample
   * @param latent latent size d
   */
  public static Builder builder(String model, List<Integer> sampleShape, int latent) {
    return new Builder(model, sampleShape, latent);
  }

  /** Begins another description with all that this one says. */
  public Builder toBuilder() {
    Builder builder = new Builder(model, sampleShape, latent);
    builder.hidden = hidden;
    builder.classes = classes;
    builder.activation = activation;
    builder.outputActivation = outputActivation;
    builder.reconstruction = reconstruction;
    builder.objective = objective;
    builder.beta = beta;
    builder.gamma = gamma;
    builder.capacity = capacity;
    builder.capacityIterations = capacityIterations;
    builder.lossScale = lossScale;
    builder.pretext = pretext;
    return builder;
  }

  /** A description in the making; every setter gives the builder back. */
  public static final class Builder {
    private final String model;
    private final List<Integer> sampleShape;
    private final int latent;
    private List<Integer> hidden = List.of();
    private int classes;
    private Activation activation = Activation.RELU;
    private Activation outputActivation = Activation.IDENTITY;
    private Reconstruction reconstruction = Reconstruction.MSE;
    private String objective = OBJECTIVE_H;
    private double beta;
    private double gamma;
    private double capacity;
    private long capacityIterations;
    private double lossScale = 1;
    private Pretext pretext;

    private Builder(String model, List<Integer> sampleShape, int latent) {
      this.model = model;
      this.sampleShape = sampleShape;
      this.latent = latent;
    }

    /** Widths between input and code. */
    public Builder hidden(List<Integer> widths) {
      hidden = widths;
      return this;
    }

    /** Of a classifier. */
    public Builder classes(int count) {
      classes = count;
      return this;
    }

    /** Between layers. */
    public Builder activation(Activation between) {
      activation = between;
      return this;
    }

    /** After the decoder's last layer. */
    public Builder outputActivation(Activation last) {
      outputActivation = last;
      return this;
    }

    /** Decoder distribution. */
    public Builder reconstruction(Reconstruction loss) {
      reconstruction = loss;
      return this;
    }

    /** H, B or TC. */
    public Builder objective(String name) {
      objective = name;
      return this;
    }

    /** Of objectives H and TC. */
    public Builder beta(double factor) {
      beta = factor;
      return this;
    }

    /** Of objective B. */
    public Builder gamma(double factor) {
      gamma = factor;
      return this;
    }

    /**
     * Of objective B.
     *
     * @param nats C at the end
     * @param iterations until it is reached
     */
    public Builder capacity(double nats, long iterations) {
      capacity = nats;
      capacityIterations = iterations;
      return this;
    }

    /** Factor on the loss. */
    public Builder lossScale(double factor) {
      lossScale = factor;
      return this;
    }

    /** What a denoising-… model is trained for. */
    public Builder pretext(Pretext task) {
      pretext = task;
      return this;
    }

    /**
     * The description.
     *
     * @throws IllegalArgumentException naming the first field that is wrong
     */
    public ModelSpec build() {
      return new ModelSpec(
          model,
          sampleShape,
          hidden,
          latent,
          classes,
          activation,
          outputActivation,
          reconstruction,
          objective,
          beta,
          gamma,
          capacity,
          capacityIterations,
          lossScale,
          pretext);
    }
  }
}
