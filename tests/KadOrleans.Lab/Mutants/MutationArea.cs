using System.Text.RegularExpressions;

namespace KadOrleans.Lab;

/// <summary>A room of decisions and the folders of the tests that must notice when one of them changes.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Assembly">The assembly that has its code, without the extension.</param>
/// <param name="Sources">The folder of its code in the repository.</param>
/// <param name="Tests">The folders of its tests, in <c>tests/KadOrleans.Tests</c>.</param>
internal sealed partial record MutationArea(string Name, string Assembly, string Sources, params string[] Tests)
{
    public const string TestProject = "tests/KadOrleans.Tests";

    public static IReadOnlyList<MutationArea> All { get; } =
    [
        InCore("Values", "Core/Values", "Node/Values"),
        InCore("Routing", "Core/Routing"),
        InCore("Lookups", "Core/Lookups", "Node/Lookups"),
        InCore("Wire", "Core/Wire"),
        InCore("Items", "Core/Items"),
        InCore("Admission", "Core/Admission"),
        new("Shards", "KadOrleans.Shards", "src/KadOrleans.Shards", "Shards"),
    ];

    /// <summary>The full names of its test classes, as the sources of the tests have them.</summary>
    public IReadOnlyList<string> TestClasses() =>
    [
        .. Tests.SelectMany(folder => Directory.EnumerateFiles(Repository.Path($"{TestProject}/{folder}"), "*.cs", SearchOption.AllDirectories))
            .Select(File.ReadAllText)
            .SelectMany(source => Classes().Matches(source).Select(found => $"{Namespace().Match(source).Groups[1].Value}.{found.Groups[1].Value}"))
            .Order(StringComparer.Ordinal),
    ];

    private static MutationArea InCore(string name, params string[] tests) => new(name, "KadOrleans.Core", $"src/KadOrleans.Core/{name}", tests);

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^public (?:sealed |partial )*class (\w+Tests)\b", RegexOptions.Multiline)]
    private static partial Regex Classes();
}
