using Microsoft.Extensions.Options;

namespace KadOrleans.Node;

internal sealed class KadNodeOptionsValidator : IValidateOptions<KadNodeOptions>
{
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
        checks.CheckBounds(options);
        checks.CheckIntervals(options.Kademlia);
        CheckRate("Limits.PerSource", options.Limits.PerSource, checks.Problems);
        CheckRate("Limits.PerSubnet", options.Limits.PerSubnet, checks.Problems);
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
