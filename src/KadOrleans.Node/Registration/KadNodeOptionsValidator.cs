using Microsoft.Extensions.Options;

namespace KadOrleans.Node;

internal sealed class KadNodeOptionsValidator : IValidateOptions<KadNodeOptions>
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, KadNodeOptions options) =>
        FindProblems(options) is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;

    /// <summary>One sentence for each option out of its bounds: the setting, its value, what is allowed.</summary>
    public static IReadOnlyList<string> FindProblems(KadNodeOptions options)
    {
        var checks = new OptionChecks(string.Empty, '.');
        if (options.Id is { } id && !NodeId.TryParse(id, out _))
        {
            checks.Problems.Add($"Id is '{id}'; {NodeId.Length * 2} hexadecimal digits are needed.");
        }

        foreach (var node in options.Bootstrap)
        {
            if (!HostAddress.TryParse(node, out _, out var problem))
            {
                checks.Problems.Add($"Bootstrap: {problem}");
            }
        }

        checks.CheckRanges(options.Trust);
        checks.Check(options.Kademlia);
        checks.Check(options.Quota);
        checks.Check(options.Subnets);
        checks.Within("RepublishRate", options.RepublishRate, 0.1, 10_000);
        checks.Within("CacheBytes", options.CacheBytes, 0, 1L << 50);
        checks.Within("MaxPublications", options.MaxPublications, 0, 1_000_000);
        checks.Within("ChangesWithoutToken", options.ChangesWithoutToken, 0, 1_000_000);
        checks.Within("RandomWalk.Interval", options.RandomWalk.Interval, TimeSpan.FromSeconds(1), Day);
        checks.Within("RandomWalk.MinTableSize", options.RandomWalk.MinTableSize, 0, 1_000);
        checks.Within("RandomWalk.Count", options.RandomWalk.Count, 1, 64);
        checks.Within("RandomWalk.Timeout", options.RandomWalk.Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        checks.Within("StateSaveInterval", options.StateSaveInterval, TimeSpan.FromSeconds(1), Day);
        checks.Within("StateChangeSaveDelay", options.StateChangeSaveDelay, TimeSpan.FromMilliseconds(100), Day);
        CheckRate("Limits.PerSource", options.Limits.PerSource, checks.Problems);
        CheckRate("Limits.PerSubnet", options.Limits.PerSubnet, checks.Problems);
        checks.Within("Limits.MaxTracked", options.Limits.MaxTracked, 16, int.MaxValue);
        checks.CheckUpload("Upload.PerEndpoint", options.Upload.PerEndpoint);
        checks.CheckUpload("Upload.Total", options.Upload.Total);
        return checks.Problems;
    }

    private static void CheckRate(string setting, TokenRate rate, List<string> problems)
    {
        if (!(rate.PerSecond > 0))
        {
            problems.Add($"{setting}.PerSecond is {rate.PerSecond}; a number above 0 is needed.");
        }

        if (!(rate.Burst >= 1))
        {
            problems.Add($"{setting}.Burst is {rate.Burst}; 1 or more is needed.");
        }
    }
}
