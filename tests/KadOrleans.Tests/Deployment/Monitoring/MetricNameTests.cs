namespace KadOrleans.Tests.Deployment;

/// <summary>The documented names of instruments and tags, by OpenTelemetry's conventions.</summary>
public sealed class MetricNameTests
{
    private static readonly Regex Name = new(@"^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+$");
    private static readonly Regex Value = new("`([A-Za-z_]+)`");

    private static readonly IReadOnlyList<DocumentedInstrument> Documented = DocumentedInstrument.ReadAll();

    private static IReadOnlyList<string> Names => [.. Documented.Select(i => i.Name).Concat(Documented.SelectMany(i => i.Tags)).Distinct()];

    [Fact]
    public void No_name_is_the_namespace_of_another() => Assert.All(
        Names, name => Assert.DoesNotContain(Names, other => other.StartsWith($"{name}.", StringComparison.Ordinal)));

    [Fact]
    public void Names_and_values_are_in_snake_case()
    {
        Assert.All(Names, name => Assert.Matches(Name, name));
        Assert.All(
            Documented.Where(i => i.Tags.Count > 0).SelectMany(i => Value.Matches(i.Meaning)).Select(m => m.Groups[1].Value),
            value => Assert.Matches("^[a-z]+(_[a-z]+)*$", value));
    }
}
