using System.Text.Json;

namespace KadOrleans.Core;

/// <summary>Values of the instruments' tags by OpenTelemetry's conventions: in snake_case.</summary>
internal static class MetricTags
{
    /// <summary>A value of a tag: <c>TimedOut</c> is <c>timed_out</c>. It allocates: keep it.</summary>
    public static string Value<T>(T value)
        where T : struct, Enum => Value(value.ToString());

    /// <summary>The same of a name in PascalCase.</summary>
    public static string Value(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>A tag for each value of an enum whose numbers are 0, 1, 2 and so on, at the place of that number.</summary>
    public static KeyValuePair<string, object?>[] Tags<T>(string tag)
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(value => KeyValuePair.Create(tag, (object?)Value(value)))];
}
