namespace KadOrleans.Edge;

/// <summary>Finds options out of their bounds, and a host that cannot have an edge. Each problem is one sentence.</summary>
internal sealed class KadEdgeOptionsValidator(IServiceProviderIsService services, EdgeSection? section = null) : IValidateOptions<KadEdgeOptions>
{
    public ValidateOptionsResult Validate(string? name, KadEdgeOptions options)
    {
        var prefix = section?.Prefix ?? $"{nameof(KadEdgeOptions)}.";
        var checks = new OptionChecks(prefix, prefix[^1]);
        checks.Problems.AddRange(section?.FindProblems() ?? []);
        options.Check(checks, string.Empty);
        if (!services.IsService(typeof(IGrainFactory)))
        {
            checks.Problems.Add("AddKadEdge needs the host's Orleans client or silo; UseOrleansClient(…) adds the one, and UseOrleans(…) the other.");
        }

        return checks.Problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(checks.Problems);
    }
}
