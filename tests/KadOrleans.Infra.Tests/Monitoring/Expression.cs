using System.Text.RegularExpressions;

namespace KadOrleans.Infra.Tests.Monitoring;

/// <summary>What a PromQL expression names, as far as these files use the language.</summary>
internal static partial class Expression
{
    /// <summary>The metrics.</summary>
    public static IReadOnlyList<string> Metrics(string expression) =>
        [.. MetricPattern().Matches(Grouping().Replace(Matchers().Replace(expression, " "), " ")).Select(m => m.Value).Distinct()];

    /// <summary>What series are grouped by.</summary>
    public static IReadOnlyList<string> Groups(string expression) =>
        [.. Grouping().Matches(expression).SelectMany(m => m.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).Distinct()];

    /// <summary>The metric, label and values of each matcher.</summary>
    public static IReadOnlyList<(string Metric, string Label, string[] Values)> Matches(string expression) =>
    [
        .. from match in Selector().Matches(expression)
           from matcher in Matcher().Matches(match.Groups[2].Value)
           select (match.Groups[1].Value, matcher.Groups[1].Value, matcher.Groups[2].Value.Split('|')),
    ];

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Matchers();

    [GeneratedRegex(@"\bby\s*\(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\b[a-z]+_[a-z_]+\b(?!\s*\()")]
    private static partial Regex MetricPattern();

    [GeneratedRegex(@"([a-z_]+)\{([^}]*)\}")]
    private static partial Regex Selector();

    [GeneratedRegex("([a-z_]+)\\s*(?:=~|!=|!~|=)\\s*\"([^\"]*)\"")]
    private static partial Regex Matcher();
}
