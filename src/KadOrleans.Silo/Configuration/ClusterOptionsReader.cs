using System.Reflection;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.Options;

namespace KadOrleans.Silo.Configuration;

/// <summary>Reads <see cref="KadClusterOptions"/> from the section <c>Kad:Cluster</c>, whose settings are its properties.</summary>
internal static class ClusterOptionsReader
{
    private const string Section = "Cluster";

    /// <summary>The names of all settings, as <see cref="KadSection.RefuseUnknown"/> takes them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. NamesOf(typeof(KadClusterOptions), $"{Section}:")];

    /// <summary>Takes over what is configured.</summary>
    /// <exception cref="ConfigurationMistakeException">A value is of the wrong type.</exception>
    public static void Bind(IConfiguration configuration, KadClusterOptions options)
    {
        try
        {
            configuration.GetSection($"Kad:{Section}").Bind(options);
        }
        catch (InvalidOperationException exception)
        {
            throw new ConfigurationMistakeException(exception.Message);
        }
    }

    /// <summary>Checks the section.</summary>
    /// <exception cref="ConfigurationMistakeException">A value is of the wrong type.</exception>
    /// <exception cref="OptionsValidationException">A value is out of its bounds.</exception>
    public static void Check(IConfiguration configuration)
    {
        var options = new KadClusterOptions();
        Bind(configuration, options);
        if (new KadClusterOptionsValidator().Validate(null, options) is { Failed: true } result)
        {
            throw new OptionsValidationException(Section, typeof(KadClusterOptions), result.Failures);
        }
    }

    private static IEnumerable<string> NamesOf(Type options, string prefix) => options
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(property => property.PropertyType switch
        {
            var type when type == typeof(IList<string>) => [$"{prefix}{property.Name}:*"],
            { IsClass: true } type when type != typeof(string) => NamesOf(type, $"{prefix}{property.Name}:"),
            _ => [$"{prefix}{property.Name}"],
        });
}
