using Microsoft.Extensions.Options;

namespace KadOrleans.Node;

internal sealed class KadNodeOptionsValidator(OptionsSection<KadNodeOptions>? section = null) : IValidateOptions<KadNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, KadNodeOptions options) =>
        FindProblems(options, section is null ? new(string.Empty, '.') : new(section.Prefix, ':')) is { Count: > 0 } problems
            ? ValidateOptionsResult.Fail(problems)
            : ValidateOptionsResult.Success;

    /// <summary>One sentence for each option out of its bounds: the setting, its value, what is allowed.</summary>
    public static IReadOnlyList<string> FindProblems(KadNodeOptions options) => FindProblems(options, new(string.Empty, '.'));

    private static List<string> FindProblems(KadNodeOptions options, OptionChecks checks)
    {
        if (options.Id is { } id && !NodeId.TryParse(id, out _))
        {
            checks.Add("Id", id, $"{NodeId.Length * 2} hexadecimal digits are needed");
        }

        foreach (var node in options.Bootstrap)
        {
            if (!HostAddress.TryParse(node, out _, out var problem))
            {
                checks.Problems.Add($"{checks.Name("Bootstrap")}: {problem}");
            }
        }

        checks.CheckRanges(options.Trust);
        checks.CheckBounds(options);
        checks.CheckIntervals(options.Kademlia);
        CheckRate("Limits.PerSource", options.Limits.PerSource, checks);
        CheckRate("Limits.PerSubnet", options.Limits.PerSubnet, checks);
        return checks.Problems;
    }

    private static void CheckRate(string setting, TokenRate rate, OptionChecks checks)
    {
        if (!(rate.PerSecond > 0))
        {
            checks.Problems.Add($"{checks.Name(setting + ".PerSecond")} is {rate.PerSecond}; a number above 0 is needed.");
        }

        if (!(rate.Burst >= 1))
        {
            checks.Problems.Add($"{checks.Name(setting + ".Burst")} is {rate.Burst}; 1 or more is needed.");
        }
    }
}
