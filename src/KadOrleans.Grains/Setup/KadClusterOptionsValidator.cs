namespace KadOrleans.Grains;

/// <summary>Finds options out of their bounds. Each problem is one sentence: the setting, its value, what is allowed.</summary>
internal sealed class KadClusterOptionsValidator : IValidateOptions<KadClusterOptions>
{
    public ValidateOptionsResult Validate(string? name, KadClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var checks = new OptionChecks("Kad:Cluster:", ':');
        checks.CheckBounds(options);
        checks.CheckIntervals(options.Kademlia);
        checks.Within("Cache", options.Cache ?? 0, 0, Math.Max(0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - KadClusterOptions.EmptySiloBytes));
        if (options.SaveInterval < options.SaveDelay)
        {
            checks.Problems.Add($"Kad:Cluster:SaveInterval is {options.SaveInterval}; Kad:Cluster:SaveDelay, {options.SaveDelay}, or more is allowed.");
        }

        checks.Problems.AddRange(ClusterKeys.FindProblems(options));
        checks.CheckRanges(options.Trust);
        return checks.Problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(checks.Problems);
    }
}
