using System.Text.Json;

namespace KadOrleans.Core.Tests.Vectors;

/// <summary>Reads what was recorded from the network's other implementation.</summary>
internal static class VectorFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<T> Read<T>(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Vectors", name);
        return JsonSerializer.Deserialize<List<T>>(File.ReadAllText(path), Options)!;
    }
}
