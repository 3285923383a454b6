using System.ComponentModel;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Node;

/// <summary>Options as a section of the configuration has them.</summary>
/// <param name="section">The section, or a whole configuration.</param>
/// <param name="call">The call that takes it, without which the program starts with the defaults.</param>
internal sealed class OptionsSection<TOptions>(IConfiguration section, string call)
    where TOptions : class
{
    /// <summary>What stands before a setting's name, with its separator.</summary>
    public string Prefix { get; } = section is IConfigurationSection { Path: { Length: > 0 } path } ? $"{path}:" : $"{typeof(TOptions).Name}:";

    private string Known => string.Join(", ", KnownOf(typeof(TOptions), Prefix));

    /// <exception cref="OptionsValidationException">
    /// The section is not in the configuration, or has a key that is no setting or a value of the wrong type; there is a sentence for each.
    /// </exception>
    public void Bind(TOptions options)
    {
        string[] problems = section is IConfigurationSection given && IsAbsent(given)
            ? [$"{given.Path} is not in the configuration, from which {call} takes {Known}; set one, or call {call}() for the defaults."]
            : [.. FindProblems(section, typeof(TOptions), Prefix)];
        if (problems.Length > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(TOptions), problems);
        }

        var values = WithoutNulls(section);
        values.Bind(options);
        SplitLists(values, options);
    }

    // The binder takes a null of JSON for 0 or for no object, where it says that nothing is given.
    private static IConfiguration WithoutNulls(IConfiguration section) => new ConfigurationBuilder()
        .AddInMemoryCollection(section.AsEnumerable(makePathsRelative: true).Where(static setting => setting.Value is not null)).Build();

    // A file may have the section with nothing in it.
    private static bool IsAbsent(IConfigurationSection given) =>
        !given.Exists() && !(given is ConfigurationSection known && known.TryGetValue(null, out _));

    private static IEnumerable<string> FindProblems(IConfiguration section, Type type, string prefix)
    {
        var properties = PropertiesOf(type).ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);
        return section.GetChildren().SelectMany(child => properties.TryGetValue(child.Key, out var property)
            ? FindProblemsOf(child, property.Type, prefix + child.Key)
            : [NotASetting(prefix + child.Key, KnownOf(type, prefix))]);
    }

    private static IEnumerable<string> FindProblemsOf(IConfigurationSection setting, Type type, string name) => type switch
    {
        _ when IsSection(type) => string.IsNullOrEmpty(setting.Value)
            ? FindProblems(setting, type, $"{name}:")
            : [$"{name} is '{VisibleText.Excerpt(setting.Value)}'; it is a section, of {string.Join(", ", KnownOf(type, $"{name}:"))}."],
        _ when type == typeof(IList<string>) => setting.GetChildren().SelectMany(entry => int.TryParse(entry.Key, CultureInfo.InvariantCulture, out _)
            ? FindProblemsOf(entry, typeof(string), $"{name}:{entry.Key}")
            : [NotASetting($"{name}:{entry.Key}", [name])]),
        _ when setting.GetChildren().FirstOrDefault() is { } below => [NotASetting($"{name}:{below.Key}", [name])],
        _ when setting.Value is { } text && SettingText.FindProblem(type, text) is { } problem => [$"{name} is '{VisibleText.Excerpt(text)}'; {problem}."],
        _ => [],
    };

    private static string NotASetting(string name, List<string> known) => known.Count == 1
        ? $"{name} is not a setting; {known[0]} is."
        : $"{name} is not a setting; {string.Join(", ", known)} are.{Suggestion.Question(name, known)}";

    private static List<string> KnownOf(Type type, string prefix) => [.. PropertiesOf(type).Select(property => prefix + property.Name)];

    private static IEnumerable<(string Name, Type Type)> PropertiesOf(Type type) => type.GetProperties()
        .Where(property => property.PropertyType == typeof(IList<string>) || property.SetMethod is { IsPublic: true })
        .Select(property => (property.Name, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType));

    private static bool IsSection(Type type) => type != typeof(IList<string>) && !TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string));

    // The binder takes no list from one text, and says nothing.
    private static void SplitLists(IConfiguration section, TOptions options)
    {
        foreach (var property in typeof(TOptions).GetProperties().Where(property => property.PropertyType == typeof(IList<string>)))
        {
            var list = (IList<string>)property.GetValue(options)!;
            foreach (var entry in (section[property.Name] ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                list.Add(entry);
            }
        }
    }
}
