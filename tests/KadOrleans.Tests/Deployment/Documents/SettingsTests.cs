using KadOrleans.Server;

namespace KadOrleans.Tests.Deployment;

/// <summary>The tables of docs/settings.md have each setting that the options classes have, with its default, and no other.</summary>
public sealed class SettingsTests
{
    private static readonly Regex Name = new("`Kad:([A-Za-z:*#]+)`");

    private static readonly string Document = Repository.Read("docs/settings.md");

    private static readonly List<(List<string> Names, string Default)> Rows =
    [
        .. Document.Split('\n').Where(line => line.StartsWith("| `Kad:", StringComparison.Ordinal))
            .Select(line => line.Split('|')).Select(cells => (NamesIn(cells[1]).ToList(), cells[2])),
    ];

    private static readonly KnownStorages Storages = new KadProviders().Known;

    private static readonly List<string> Known =
        [.. KadSettings.NamesWith(Storages).Where(name => !name.EndsWith('#') || !KadSettings.NamesWith(Storages).Contains(name[..^2]))];

    [Fact]
    public void Each_setting_is_in_a_table() =>
        Assert.DoesNotContain(Known, name => !Rows.Any(row => row.Names.Any(documented => Matches(documented, name))));

    [Fact]
    public void What_is_in_a_table_is_a_setting() => Assert.DoesNotContain(
        Rows.SelectMany(row => row.Names),
        documented => !Known.Any(name => documented.EndsWith('*') ? name.StartsWith(documented[..^1], StringComparison.Ordinal) : name == documented));

    [Fact]
    public void Defaults_are_those_of_the_options()
    {
        var defaults = DefaultsOf(new KadOptions(), string.Empty)
            .Concat(DefaultsOf(new KadClusterOptions(), "Cluster:").Where(pair => Known.Contains(pair.Key)))
            .Concat(Storages.Sections.SelectMany(section => DefaultsOf(Activator.CreateInstance(section.Options)!, $"{section.Name}:")))
            .Where(pair => pair.Key is not ("Edge:Name" or "Storage")).ToDictionary();
        Assert.Equal(("11111", "Blobs", "200"), (defaults["Silo:Port"], defaults["Azure:GrainStorage"], defaults["Cluster:CrawlRate"]));
        foreach (var (names, text) in Rows.Where(row => !string.IsNullOrWhiteSpace(row.Default)))
        {
            var cell = text.Replace("`", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal).Trim().Split(' ');
            Assert.All(names.Where(defaults.ContainsKey), name => Assert.Contains(defaults[name], cell));
        }
    }

    // A group names each of its settings somewhere on the page.
    private static bool Matches(string documented, string name) => documented.EndsWith('*')
        ? name.StartsWith(documented[..^1], StringComparison.Ordinal)
            && (documented == "Tls:*" || Document.Contains($"`{name[(documented.Length - 1)..]}`", StringComparison.Ordinal))
        : documented == name;

    private static IEnumerable<string> NamesIn(string cell) => Name.Matches(cell).Select(match => match.Groups[1].Value);

    private static IEnumerable<KeyValuePair<string, string>> DefaultsOf(object options, string prefix)
    {
        foreach (var property in options.GetType().GetProperties().Where(p => p.SetMethod is { IsPublic: true }))
        {
            var name = $"{prefix}{property.Name}";
            var value = property.GetValue(options) ?? (property.PropertyType is { IsClass: true } type && type != typeof(string) ? Activator.CreateInstance(type) : null);
            if (value is string or bool or IFormattable)
            {
                var text = string.Create(CultureInfo.InvariantCulture, $"{value}");
                if (text.Length > 0)
                {
                    yield return KeyValuePair.Create(name, value is bool ? text.ToLowerInvariant() : text);
                }
            }
            else if (value is not null)
            {
                foreach (var inner in DefaultsOf(value, $"{name}:"))
                {
                    yield return inner;
                }
            }
        }
    }
}
