package latentrace.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import latentrace.backend.Activation;
import latentrace.backend.Backend;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.Dataset;
import latentrace.data.Datasets;
import latentrace.data.InputException;
import latentrace.model.ModelSpec;
import latentrace.model.Pretext;
import latentrace.nn.Initialisation;
import latentrace.train.Schedule;
import latentrace.train.Trainer;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "train",
    description = {
      "Trains a model and saves evenly spaced checkpoints.",
      "Leaves model.json, checkpoint-<iteration>.safetensors, metrics.csv and state.safetensors in"
          + " the output folder. Ctrl-C saves; --resume goes on, to the same bytes as without the"
          + " interruption."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {
  private static final int MAX_LATENT = 1 << 16;

  /** Of a simclr. */
  private static final int PUBLISHED_WIDTH = 64;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = ModelSpec.MLP_VAE,
      description =
          "mlp-vae, mlp-autoencoder, mlp-classifier; conv-vae (64x64), burgess-vae (32x32 or"
              + " 64x64), denoising-mnist, denoising-cifar; recurrent-autoencoder (series); simclr"
              + " (images, by random views). Default: ${DEFAULT-VALUE}")
  private String model;

  @Option(
      names = "--latent",
      paramLabel = "D",
      defaultValue = "64",
      description = "latent size d. Default: ${DEFAULT-VALUE}")
  private int latent;

  @Option(
      names = "--hidden",
      paramLabel = "W",
      split = ",",
      description = "widths of the encoder's hidden layers, e.g. 512,256. Default: 8d,4d,2d")
  private List<Integer> hidden;

  @Option(
      names = "--width",
      paramLabel = "W",
      description =
          "channels of the first stage of a simclr, whose code has 8W numbers. Default: 64, as"
              + " published; 8 trains on a CPU")
  private Integer width;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description =
          "relu, leaky-relu, tanh, sigmoid, softplus or identity. Default: relu; a"
              + " recurrent-autoencoder has tanh")
  private Activation activation;

  @Option(
      names = "--output-activation",
      paramLabel = "NAME",
      description =
          "after the decoder's last layer. Default: identity; sigmoid for an auto-encoder on"
              + " images with --reconstruction mse")
  private Activation outputActivation;

  @Option(
      names = "--reconstruction",
      paramLabel = "NAME",
      description =
          "bernoulli (cross-entropy on logits), gaussian (squared error after a sigmoid), mse or l1."
              + " Default: l1 for a recurrent-autoencoder, else bernoulli for images, mse otherwise")
  private Reconstruction reconstruction;

  @Mixin private PretextOptions pretext;

  @Option(
      names = "--objective",
      paramLabel = "H|B|TC",
      defaultValue = ModelSpec.OBJECTIVE_H,
      description =
          "H: reconstruction + beta KL (Higgins et al.); B: reconstruction + gamma |KL - C(t)|"
              + " (Burgess et al.); TC: the KL term's total correlation times beta (Chen et al.), of"
              + " a batch, so that samples have no influence scores. Default: ${DEFAULT-VALUE}")
  private String objective;

  @Option(
      names = "--beta",
      paramLabel = "F",
      defaultValue = "1",
      description = "of objectives H and TC. Default: ${DEFAULT-VALUE}")
  private double beta;

  @Option(
      names = "--gamma",
      paramLabel = "F",
      defaultValue = "1000",
      description = "of objective B. Default: ${DEFAULT-VALUE}")
  private double gamma;

  @Option(
      names = "--capacity",
      paramLabel = "F",
      defaultValue = "25",
      description = "of objective B: C at the end, in nats. Default: ${DEFAULT-VALUE}")
  private double capacity;

  @Option(
      names = "--capacity-iterations",
      paramLabel = "N",
      description = "of objective B: iterations until C is reached. Default: all")
  private Long capacityIterations;

  @Option(
      names = "--loss-scale",
      paramLabel = "F",
      defaultValue = "1",
      description = "factor on the loss. Default: ${DEFAULT-VALUE}")
  private double lossScale;

  @Option(names = "--data", required = true, paramLabel = "FILE", description = "training samples")
  private Path data;

  @Option(names = "--labels", paramLabel = "FILE", description = "labels, if not in the data file")
  private Path labels;

  @Mixin private TrainingData range;

  @Mixin private ImageSize size;

  @Option(
      names = "--validation",
      paramLabel = "FILE",
      description = "samples for the validation loss, taken at the latent means")
  private Path validation;

  @Option(
      names = "--validation-labels",
      paramLabel = "FILE",
      description = "labels, if not in the validation file")
  private Path validationLabels;

  @Option(
      names = "--patience",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "stop after N evaluations of --validation without improvement and restore the best; 0:"
              + " never. --resume goes on with the best and the count so far."
              + " Default: ${DEFAULT-VALUE}")
  private int patience;

  @Option(
      names = "--evaluate-every",
      paramLabel = "N",
      description = "iterations between evaluations. Default: one epoch")
  private Long evaluateEvery;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = TrainingSpec.SGD,
      description = "sgd or adam. Default: ${DEFAULT-VALUE}")
  private String optimizer;

  @Option(
      names = "--lr",
      paramLabel = "F",
      description = "learning rate. Default: 1e-4 for sgd, 1e-3 for adam")
  private Double lr;

  @Option(
      names = "--schedule",
      paramLabel = "S",
      defaultValue = "constant",
      description =
          "constant, linear, cosine, step:EVERY:FACTOR or exponential:FACTOR."
              + " Default: ${DEFAULT-VALUE}")
  private String schedule;

  @Option(
      names = "--momentum",
      paramLabel = "F",
      defaultValue = "0",
      description = "of sgd. Default: ${DEFAULT-VALUE}")
  private double momentum;

  @Option(names = "--nesterov", description = "Nesterov's momentum")
  private boolean nesterov;

  @Option(
      names = "--weight-decay",
      paramLabel = "F",
      defaultValue = "0",
      description = "added to the gradient, as in PyTorch. Default: ${DEFAULT-VALUE}")
  private double weightDecay;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "samples per iteration. Default: ${DEFAULT-VALUE}")
  private int batch;

  @ArgGroup(exclusive = true)
  private Length length = new Length();

  static final class Length {
    @Option(
        names = "--iterations",
        paramLabel = "N",
        description = "optimiser steps. Default: 10000")
    private Long iterations;

    @Option(names = "--epochs", paramLabel = "N", description = "passes over the data instead")
    private Integer epochs;
  }

  @Option(
      names = "--checkpoints",
      paramLabel = "C",
      description = "checkpoints saved, evenly spaced. Default: 10, or as many as iterations")
  private Integer checkpoints;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "of initialisation, order and noise. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--training-noise",
      paramLabel = "N",
      defaultValue = TrainingSpec.CONTRACT,
      description =
          "contract (the same on every backend) or curand (cuRAND's generator, only with backend"
              + " cuda; the same for the same seed, device and library)."
              + " Default: ${DEFAULT-VALUE}")
  private String noise;

  @Option(
      names = "--init",
      paramLabel = "NAME",
      description =
          "kaiming-normal or pytorch-default. Default: pytorch-default for a"
              + " recurrent-autoencoder, else kaiming-normal")
  private Initialisation initialisation;

  @Option(names = "--no-shuffle", description = "the same order in every epoch")
  private boolean noShuffle;

  @Option(names = "--keep-last", description = "train on an epoch's last, smaller batch too")
  private boolean keepLast;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "output folder")
  private Path out;

  @Option(names = "--resume", description = "go on with the run in the output folder")
  private boolean resume;

  @Mixin private CommonOptions common;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    Dataset train = range.read(data, labels, size);
    Dataset held =
        validation == null ? null : size.apply(Datasets.read(validation, validationLabels));
    ModelSpec modelSpec;
    TrainingSpec trainingSpec;
    try {
      trainingSpec = trainingSpec(train.count());
      modelSpec = modelSpec(train, trainingSpec.iterations());
      Schedule.parse(schedule);
    } catch (IllegalArgumentException e) {
      throw new InputException("--" + flagOf(e.getMessage()), e);
    }
    if (patience > 0 && held == null) {
      throw new InputException("--patience: early stopping needs --validation FILE");
    }
    Outputs.requireFolder("--out", out);
    Trainer.checkInputs(modelSpec, trainingSpec, train, held);
    if (!resume) {
      Trainer.checkNoRun(out);
    }
    List<String> header = new ArrayList<>();
    try (Backend backend = common.open();
        Trainer trainer =
            new Trainer(
                backend, modelSpec, trainingSpec, train, held, out, common.listener(header))) {
      header.add("backend " + backend.description());
      header.add(trainer.model().describe());
      header.add("%d parameters, %s".formatted(trainer.model().parameters().count(), train));
      return savingOnInterrupt(trainer, () -> train(trainer));
    }
  }

  private int train(Trainer trainer) {
    Trainer.Outcome outcome = resume ? trainer.resume() : trainer.run();
    if (!common.quiet()) {
      String how =
          switch (outcome) {
            case COMPLETED -> "trained";
            case STOPPED_EARLY -> "stopped early";
            case INTERRUPTED -> "interrupted, go on with --resume";
          };
      spec.commandLine().getOut().printf("%s at iteration %d: %s%n", how, trainer.iteration(), out);
      spec.commandLine().getOut().flush();
    }
    return outcome == Trainer.Outcome.INTERRUPTED ? Main.FAILURE : Main.OK;
  }

  /** On Ctrl-C or SIGTERM the trainer finishes its iteration and saves before the JVM goes. */
  private static int savingOnInterrupt(Trainer trainer, IntSupplier work) {
    CountDownLatch done = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              trainer.requestStop();
              try {
                if (!done.await(60, TimeUnit.SECONDS)) {
                  System.err.println("latentrace train: not saved within 60 s");
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return work.getAsInt();
    } finally {
      done.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // the JVM is going already: the hook is what stopped us
      }
    }
  }

  /** "lossScale: found ..." names the field; the flag is --loss-scale. */
  private static String flagOf(String message) {
    int colon = message.indexOf(':');
    String field = message.substring(0, Math.max(0, colon));
    String flag = field.replaceAll("([A-Z])", "-$1").replace(' ', '-').toLowerCase(Locale.ROOT);
    return flag + message.substring(Math.max(0, colon));
  }

  private TrainingSpec trainingSpec(int samples) {
    if (length.epochs != null && length.epochs < 1) {
      throw new InputException("--epochs: found %d, expected at least 1".formatted(length.epochs));
    }
    if (latent < 1 || latent > MAX_LATENT) {
      throw new InputException(
          "--latent: found %d, expected a size of 1 to %d".formatted(latent, MAX_LATENT));
    }
    long perEpoch =
        batch < 1 ? 1 : Math.max(1, keepLast ? (samples + batch - 1L) / batch : samples / batch);
    long iterations =
        length.epochs != null
            ? Math.multiplyExact(perEpoch, length.epochs)
            : length.iterations != null ? length.iterations : 10_000;
    return new TrainingSpec(
        optimizer,
        lr != null ? lr : optimizer.equals(TrainingSpec.ADAM) ? 1e-3 : 1e-4,
        schedule,
        momentum,
        nesterov,
        weightDecay,
        0.9,
        0.999,
        1e-8,
        batch,
        iterations,
        checkpoints != null ? checkpoints : (int) Math.max(1, Math.min(10, iterations)),
        seed,
        noise,
        initialisation != null
            ? initialisation
            : isRecurrent() ? Initialisation.PYTORCH_DEFAULT : Initialisation.KAIMING_NORMAL,
        !noShuffle,
        !keepLast,
        patience,
        evaluateEvery != null ? evaluateEvery : perEpoch);
  }

  private boolean isRecurrent() {
    return model.equals(ModelSpec.RECURRENT_AUTOENCODER);
  }

  private ModelSpec modelSpec(Dataset train, long iterations) {
    boolean contrastive = model.equals(ModelSpec.SIMCLR);
    if (width != null && !contrastive) {
      throw new InputException("--width: of a simclr, this is a " + model);
    }
    if (contrastive) {
      return ModelSpec.simClr(train.shape(), width != null ? width : PUBLISHED_WIDTH)
          .withLossScale(lossScale);
    }
    boolean denoising = ModelSpec.hasPretext(model);
    Pretext task = pretext.of(model);
    Reconstruction loss =
        reconstruction != null
            ? reconstruction
            : isRecurrent()
                ? Reconstruction.L1
                : train.isBytes() && !denoising ? Reconstruction.BERNOULLI : Reconstruction.MSE;
    boolean squash =
        (denoising || model.equals(ModelSpec.MLP_AUTOENCODER))
            && loss == Reconstruction.MSE
            && train.isBytes();
    boolean classifier =
        model.equals(ModelSpec.MLP_CLASSIFIER)
            || (task != null && task.task() == Pretext.Task.CLASSIFICATION);
    if (classifier && !train.hasLabels()) {
      throw new InputException("--labels: a classifier needs labels, " + data + " has none");
    }
    return ModelSpec.builder(model, train.shape(), latent)
        .hidden(
            hidden != null
                ? hidden
                : model.startsWith("mlp-")
                    ? List.of(8 * latent, 4 * latent, 2 * latent)
                    : List.of())
        .classes(classifier ? Arrays.stream(train.labels()).max().orElse(0) + 1 : 0)
        .activation(
            activation != null ? activation : isRecurrent() ? Activation.TANH : Activation.RELU)
        .outputActivation(
            outputActivation != null
                ? outputActivation
                : squash ? Activation.SIGMOID : Activation.IDENTITY)
        .reconstruction(loss)
        .objective(objective.toUpperCase(Locale.ROOT))
        .beta(beta)
        .gamma(gamma)
        .capacity(capacity, capacityIterations != null ? capacityIterations : iterations)
        .lossScale(lossScale)
        .pretext(task)
        .build();
  }
}
