using System.Reflection;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The tables of settings and limits say what each may be.</summary>
public sealed class SettingTableTests
{
    public static TheoryData<string, string> Settings => new(
    [
        .. BoundsOf(typeof(KadSiloOptions), "Kad:Silo:"),
        .. BoundsOf(typeof(HttpSettings), "Kad:Http:"),
        .. BoundsOf(typeof(KadEdgeOptions), "Kad:Edge:"),
        .. BoundsOf(typeof(KadClusterOptions), "Kad:Cluster:"),
        .. BoundsOf(typeof(KademliaOptions), string.Empty),
        .. BoundsOf(typeof(StoreQuota), string.Empty),
    ]);

    public static TheoryData<string, string> Constants => new(typeof(KademliaOptions).GetProperties()
        .Where(property => property.IsDefined(typeof(WithinAttribute)))
        .Select(property => (property.Name, property.GetValue(new KademliaOptions()) switch
        {
            TimeSpan { TotalDays: 1 } => "1 day",
            TimeSpan time => Text(time),
            var number => $"{number:N0}",
        })));

    public static TheoryData<string, string> Limits => new(Limit.All.Where(limit => limit.Unit is not ("keys" or "bytes" or "changes per hour"))
        .Select(limit => (limit.Name, $"{limit.Least:N0} to {limit.Most:N0}")));

    [Theory]
    [MemberData(nameof(Settings))]
    public void The_row_of_a_setting_has_its_bounds(string setting, string bounds) => AssertRow("docs/settings.md", setting, bounds);

    [Theory]
    [MemberData(nameof(Constants))]
    public void The_row_of_a_constant_has_its_default(string name, string value) => AssertRow("docs/settings.md", name, $"`{name}` | {value} |");

    [Theory]
    [MemberData(nameof(Limits))]
    public void The_row_of_a_limit_has_its_bounds(string limit, string bounds) => AssertRow("docs/manage.md", limit, bounds);

    [Fact]
    public void Each_limit_has_a_row() => Assert.All(Limit.All, limit => AssertRow("docs/manage.md", limit.Name, string.Empty));

    private static void AssertRow(string page, string name, string text) => Assert.Contains(
        Repository.Read(page).Split('\n'), line => Regex.IsMatch(line, $@"^\|[^|]*`{name}`") && line.Contains(text, StringComparison.Ordinal));

    // What may be any whole number has no bounds in the tables.
    private static IEnumerable<(string, string)> BoundsOf(Type options, string section) =>
        from property in options.GetProperties()
        let bounds = property.GetCustomAttribute<WithinAttribute>()
        where bounds is not null && !bounds.Most.Equals((long)int.MaxValue) && !bounds.Most.Equals(long.MaxValue)
        select ($"{section}{property.Name}", $"{Text(bounds.Least)} to {Text(bounds.Most)}");

    private static string Text(IComparable bound) => bound is not TimeSpan time ? $"{bound:N0}"
        : time.TotalDays >= 1 ? $"{time.TotalDays} days"
        : time.TotalHours >= 1 ? $"{time.TotalHours} h"
        : time.TotalMinutes >= 1 ? $"{time.TotalMinutes} min"
        : $"{time.TotalSeconds} s";
}
