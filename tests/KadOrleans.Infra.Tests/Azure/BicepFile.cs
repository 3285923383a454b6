using System.Text.RegularExpressions;
using KadOrleans.Testing;

namespace KadOrleans.Infra.Tests.Azure;

/// <summary>What a Bicep file declares, as far as its lines tell without the compiler.</summary>
internal sealed partial class BicepFile(string name)
{
    /// <summary>The whole text.</summary>
    public string Text { get; } = Repository.Read($"infra/azure/{name}");

    /// <summary>Parameters that must be given.</summary>
    public IReadOnlyList<string> Required => [.. Parameter().Matches(Text).Where(m => m.Groups[2].Value.Length == 0).Select(m => m.Groups[1].Value)];

    /// <summary>All parameters.</summary>
    public IReadOnlyList<string> Parameters => [.. Parameter().Matches(Text).Select(m => m.Groups[1].Value)];

    public IReadOnlyList<string> Outputs => [.. Output().Matches(Text).Select(m => m.Groups[1].Value)];

    /// <summary>The types of resources with their versions.</summary>
    public IReadOnlyList<string> Types => [.. ResourceType().Matches(Text).Select(m => m.Groups[1].Value)];

    /// <summary>The resources that have a fixed name: type and name.</summary>
    public IEnumerable<(string Type, string Name)> Named =>
        NamedResource().Matches(Text).Select(m => (m.Groups[1].Value, m.Groups[2].Value));

    /// <summary>Each module: its symbolic name, its file, and the parameters that it is given.</summary>
    public IEnumerable<(string Name, BicepFile File, string[] Given)> Modules => Module().Matches(Text).Select(m => (
        m.Groups[1].Value,
        new BicepFile(m.Groups[2].Value),
        Given().Matches(m.Groups[3].Value).Select(p => p.Groups[1].Value).ToArray()));

    /// <summary>Brackets that are closed by none of their kind, or close none, with strings and comments left out.</summary>
    public int UnpairedBrackets()
    {
        var open = new Stack<char>();
        var wrong = 0;
        foreach (var bracket in Silent().Replace(Text, string.Empty).Where(c => "()[]{}".Contains(c, StringComparison.Ordinal)))
        {
            if ("([{".Contains(bracket, StringComparison.Ordinal))
            {
                open.Push(bracket);
            }
            else if (!open.TryPop(out var opened) || "([{".IndexOf(opened, StringComparison.Ordinal) != ")]}".IndexOf(bracket, StringComparison.Ordinal))
            {
                wrong++;
            }
        }

        return wrong + open.Count;
    }

    [GeneratedRegex(@"^param (\w+) \w+( =)?", RegexOptions.Multiline)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^output (\w+) ", RegexOptions.Multiline)]
    private static partial Regex Output();

    [GeneratedRegex(@"^resource \w+ '([^']+)'", RegexOptions.Multiline)]
    private static partial Regex ResourceType();

    [GeneratedRegex(@"^resource \w+ '([^'@]+)@[^']+' = \{\n(?:  parent: \w+\n)?  name: '([^'$]+)'$", RegexOptions.Multiline)]
    private static partial Regex NamedResource();

    [GeneratedRegex(@"^module (\w+) '([^']+)' = \{\n(.*?)\n\}$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Module();

    [GeneratedRegex(@"^    (\w+):", RegexOptions.Multiline)]
    private static partial Regex Given();

    [GeneratedRegex(@"'(?:\\.|[^'\n])*'|//[^\n]*")]
    private static partial Regex Silent();
}
