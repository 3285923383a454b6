namespace KadOrleans.Edge;

/// <summary>Finds options out of their bounds. Each problem is one sentence.</summary>
internal sealed class KadEdgeOptionsValidator(OptionsSection<KadEdgeOptions>? section = null) : IValidateOptions<KadEdgeOptions>
{
    public ValidateOptionsResult Validate(string? name, KadEdgeOptions options)
    {
        var prefix = section?.Prefix ?? $"{nameof(KadEdgeOptions)}.";
        var checks = new OptionChecks(prefix, prefix[^1]);
        options.Check(checks, string.Empty);
        return checks.Problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(checks.Problems);
    }
}
