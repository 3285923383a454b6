using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Edge;

/// <summary>An edge's options as a section of the configuration has them.</summary>
internal sealed class EdgeSection(IConfiguration section)
{
    private static readonly Dictionary<string, PropertyInfo> Known = typeof(KadEdgeOptions).GetProperties()
        .ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>What stands before a setting's name, with its separator.</summary>
    public string Prefix { get; } = section is IConfigurationSection { Path: { Length: > 0 } path } ? $"{path}:" : $"{nameof(KadEdgeOptions)}:";

    /// <exception cref="OptionsValidationException">A value has the wrong type.</exception>
    public void Bind(KadEdgeOptions options)
    {
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException mistake)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(KadEdgeOptions), [mistake.Message]);
        }

        Split(options.Listen, nameof(options.Listen));
        Split(options.Bootstrap, nameof(options.Bootstrap));
        Split(options.Trust, nameof(options.Trust));
    }

    /// <summary>A sentence for each key that is no option. The options' own checks find the rest.</summary>
    public IEnumerable<string> FindProblems() => section.GetChildren()
        .Where(child => !Known.ContainsKey(child.Key))
        .Select(child => $"{Prefix}{child.Key} is not a setting; {string.Join(", ", Known.Keys.Select(name => Prefix + name))} are.");

    // The binder takes no list from one text, and says nothing.
    private void Split(IList<string> list, string name)
    {
        foreach (var entry in (section[name] ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            list.Add(entry);
        }
    }
}
