package latentrace.cli;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.backend.Activation;
import latentrace.backend.BackendProvider.ProductMath;
import latentrace.backend.Names;
import latentrace.backend.Reconstruction;
import latentrace.influence.retraining.TrainingLearner;
import latentrace.model.Estimator;
import latentrace.model.Pretext;
import latentrace.nn.Initialisation;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Enumerations by their outside names. */
final class Converters {
  private Converters() {}

  static <E extends Enum<E>> E parse(E[] constants, String text) {
    for (E constant : constants) {
      if (Names.id(constant).equals(text)) {
        return constant;
      }
    }
    throw new TypeConversionException(
        "found '%s', expected one of %s"
            .formatted(text, String.join(", ", Arrays.stream(constants).map(Names::id).toList())));
  }

  static final class ActivationName implements ITypeConverter<Activation> {
    @Override
    public Activation convert(String text) {
      return parse(Activation.values(), text);
    }
  }

  static final class ReconstructionName implements ITypeConverter<Reconstruction> {
    @Override
    public Reconstruction convert(String text) {
      return parse(Reconstruction.values(), text);
    }
  }

  static final class EstimatorName implements ITypeConverter<Estimator> {
    @Override
    public Estimator convert(String text) {
      return parse(Estimator.values(), text);
    }
  }

  static final class InitialisationName implements ITypeConverter<Initialisation> {
    @Override
    public Initialisation convert(String text) {
      return parse(Initialisation.values(), text);
    }
  }

  static final class PretextTask implements ITypeConverter<Pretext.Task> {
    @Override
    public Pretext.Task convert(String text) {
      return parse(Pretext.Task.values(), text);
    }
  }

  static final class MathName implements ITypeConverter<ProductMath> {
    @Override
    public ProductMath convert(String text) {
      return parse(ProductMath.values(), text);
    }
  }

  static final class MethodName implements ITypeConverter<InfluenceCommand.Method> {
    @Override
    public InfluenceCommand.Method convert(String text) {
      return parse(InfluenceCommand.Method.values(), text);
    }
  }

  static final class SolverName implements ITypeConverter<InfluenceOptions.Solver> {
    @Override
    public InfluenceOptions.Solver convert(String text) {
      return parse(InfluenceOptions.Solver.values(), text);
    }
  }

  static final class RelativeName implements ITypeConverter<InfluenceOptions.Relative> {
    @Override
    public InfluenceOptions.Relative convert(String text) {
      return parse(InfluenceOptions.Relative.values(), text);
    }
  }

  static final class OrderName implements ITypeConverter<TrainingLearner.Order> {
    @Override
    public TrainingLearner.Order convert(String text) {
      return parse(TrainingLearner.Order.values(), text);
    }
  }

  /** 512M, 8G: binary units. */
  static final class ByteSize implements ITypeConverter<Long> {
    private static final Pattern SIZE = Pattern.compile("([1-9]\\d{0,8})([MG])");

    @Override
    public Long convert(String text) {
      Matcher size = SIZE.matcher(text);
      if (!size.matches()) {
        throw new TypeConversionException(
            "found '%s', expected a size such as 512M or 8G".formatted(text));
      }
      return Long.parseLong(size.group(1)) << (size.group(2).equals("M") ? 20 : 30);
    }
  }
}
