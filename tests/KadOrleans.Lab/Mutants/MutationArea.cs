using System.Text.RegularExpressions;

namespace KadOrleans.Lab;

/// <summary>An area of decisions and the folder of the tests that must notice when one of them changes.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Assembly">The assembly that has its code, without the extension.</param>
/// <param name="Sources">The folder of its code in the repository.</param>
/// <param name="Tests">The folder of its tests, in <c>tests/KadOrleans.Tests</c>.</param>
internal sealed partial record MutationArea(string Name, string Assembly, string Sources, string Tests)
{
    public const string TestProject = "tests/KadOrleans.Tests";

    public static IReadOnlyList<MutationArea> All { get; } =
    [
        InCore("Values"),
        InCore("Routing"),
        InCore("Lookups"),
        InCore("Wire"),
        InCore("Items"),
        InCore("Admission"),
        new("Shards", "KadOrleans.Shards", "src/KadOrleans.Shards", "Shards"),
    ];

    /// <summary>The full names of its test classes, as the sources of the tests have them.</summary>
    public IReadOnlyList<string> TestClasses() =>
    [
        .. Directory.EnumerateFiles(Repository.Path($"{TestProject}/{Tests}"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText)
            .SelectMany(source => Classes().Matches(source).Select(found => $"{Namespace().Match(source).Groups[1].Value}.{found.Groups[1].Value}"))
            .Order(StringComparer.Ordinal),
    ];

    private static MutationArea InCore(string name) => new(name, "KadOrleans.Core", $"src/KadOrleans.Core/{name}", $"Core/{name}");

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^public (?:sealed |partial )*class (\w+Tests)\b", RegexOptions.Multiline)]
    private static partial Regex Classes();
}
