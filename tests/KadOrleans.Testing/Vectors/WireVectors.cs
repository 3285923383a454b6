using System.Text.Json;

namespace KadOrleans.Testing.Vectors;

/// <summary>What was recorded from running the network's reference node: the facts to be compatible with.</summary>
public static class WireVectors
{
    private static readonly JsonDocument Document = Load();

    /// <summary>The whole recording, for parts that have no type here.</summary>
    public static JsonElement Root => Document.RootElement;

    /// <summary>Requests and responses between two reference nodes.</summary>
    public static IReadOnlyList<RecordedDatagram> Datagrams { get; } = Read("datagrams", RecordedDatagram.Read);

    /// <summary>Odd datagrams sent to a reference node, and its answers.</summary>
    public static IReadOnlyList<RecordedDatagram> ServerHandling { get; } =
        Read("server_handling", RecordedDatagram.Read);

    /// <summary>Odd answers sent to a reference node.</summary>
    public static IReadOnlyList<RecordedCall> ClientHandling { get; } = Read("client_handling", RecordedCall.Read);

    /// <summary>Single objects as the reference encodes them.</summary>
    public static IReadOnlyList<RecordedEncoding> Encodings { get; } = Read("msgpack_encodings", json =>
        new RecordedEncoding(new RecordedPayload(json.GetProperty("value")), Hex(json, "hex")));

    /// <summary>Bodies, without header, as nodes under Python 2 write them, by name.</summary>
    public static IReadOnlyDictionary<string, byte[]> LegacyBodies { get; } = Read("legacy_python2", json =>
            KeyValuePair.Create(json.GetProperty("name").GetString()!, Hex(json, "body_hex")))
        .ToDictionary();

    /// <summary>Every recorded datagram of any kind, good and bad.</summary>
    public static IEnumerable<byte[]> AllDatagrams => Datagrams.Concat(ServerHandling)
        .Select(datagram => datagram.Bytes)
        .Concat(ClientHandling.SelectMany(call => call.Replies.Prepend(call.Request)))
        .Concat(LegacyBodies.Select(AsDatagram));

    private static byte[] AsDatagram(KeyValuePair<string, byte[]> legacy)
    {
        var isRequest = legacy.Key.Contains("request", StringComparison.Ordinal);
        return [(byte)(isRequest ? 0 : 1), .. new byte[20], .. legacy.Value];
    }

    private static T[] Read<T>(string part, Func<JsonElement, T> read) =>
        [.. Root.GetProperty(part).EnumerateArray().Select(read)];

    private static byte[] Hex(JsonElement json, string name) => Convert.FromHexString(json.GetProperty(name).GetString()!);

    private static JsonDocument Load()
    {
        using var stream = typeof(WireVectors).Assembly.GetManifestResourceStream("wire-vectors.json")!;
        return JsonDocument.Parse(stream);
    }
}
