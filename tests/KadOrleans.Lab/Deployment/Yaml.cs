using YamlDotNet.RepresentationModel;

namespace KadOrleans.Lab;

/// <summary>YAML as a tree of objects, arrays and texts: what a manifest says needs no types.</summary>
public static class Yaml
{
    public static IReadOnlyList<JsonObject> Documents(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(d => Convert(d.RootNode)).OfType<JsonObject>()];
    }

    /// <summary>The text at a path of names and indexes, as <c>spec.ports.0.port</c>; null if there is none.</summary>
    public static string? Text(this JsonNode? node, string path) => node.At(path)?.GetValue<string>();

    /// <summary>The entries of the array at a path; none if there is none.</summary>
    public static IEnumerable<JsonNode> Entries(this JsonNode? node, string path) =>
        node.At(path) is JsonArray array ? array.OfType<JsonNode>() : [];

    /// <summary>The texts of the array at a path; none if there is none.</summary>
    public static IEnumerable<string> Texts(this JsonNode? node, string path) => node.Entries(path).Select(entry => entry.GetValue<string>());

    /// <summary>The names and texts of the object at a path; none if there is none.</summary>
    public static Dictionary<string, string> Pairs(this JsonNode? node, string path) => node.At(path) is JsonObject pairs
        ? pairs.ToDictionary(p => p.Key, p => p.Value?.GetValue<string>() ?? string.Empty)
        : [];

    /// <summary>What is at a path; null if nothing is.</summary>
    public static JsonNode? At(this JsonNode? node, string path) => path.Split('.').Aggregate(node, (at, step) => at switch
    {
        JsonArray array when int.TryParse(step, out var index) && index < array.Count => array[index],
        JsonObject fields => fields[step],
        _ => null,
    });

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode fields => new JsonObject(
            fields.Children.Select(f => KeyValuePair.Create(((YamlScalarNode)f.Key).Value!, Convert(f.Value)))),
        YamlSequenceNode entries => new JsonArray([.. entries.Children.Select(Convert)]),
        YamlScalarNode { Value: not null and not "null" and not "~" } text => JsonValue.Create(text.Value),
        _ => null,
    };
}
