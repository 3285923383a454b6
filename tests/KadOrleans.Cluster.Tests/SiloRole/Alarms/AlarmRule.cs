namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A rule of infra/monitoring/alerts.yaml.</summary>
internal sealed partial record AlarmRule(string Name, string Severity, string Summary)
{
    /// <summary>The file.</summary>
    public static string FilePath { get; } = Repository.Path("infra/monitoring/alerts.yaml");

    /// <summary>All rules by name.</summary>
    public static IReadOnlyDictionary<string, AlarmRule> All { get; } = Yaml.Documents(File.ReadAllText(FilePath)).Single()
        .Entries("groups")
        .SelectMany(group => group.Entries("rules"))
        .Select(Read)
        .ToDictionary(rule => rule.Name);

    /// <summary>What somebody who is woken reads.</summary>
    public string SummaryOf(IReadOnlyDictionary<string, string> labels) =>
        Label().Replace(Summary, match => labels[match.Groups[1].Value]);

    private static AlarmRule Read(JsonNode rule) =>
        new(rule.Text("alert")!, rule.Text("labels.severity")!, rule.Text("annotations.summary")!);

    [GeneratedRegex(@"\{\{ \$labels\.(\w+) \}\}")]
    private static partial Regex Label();
}
