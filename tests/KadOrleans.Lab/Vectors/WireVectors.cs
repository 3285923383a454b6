namespace KadOrleans.Lab;

/// <summary>What was recorded from running the network's reference node: the facts to be compatible with.</summary>
public static class WireVectors
{
    private static readonly JsonDocument Document = Load();

    public static JsonElement Root => Document.RootElement;

    public static IReadOnlyList<RecordedDatagram> Datagrams { get; } = Read("datagrams", RecordedDatagram.Read);

    public static IReadOnlyList<RecordedDatagram> ServerHandling { get; } =
        Read("server_handling", RecordedDatagram.Read);

    public static IReadOnlyList<RecordedCall> ClientHandling { get; } = Read("client_handling", RecordedCall.Read);

    public static IReadOnlyList<RecordedEncoding> Encodings { get; } = Read("msgpack_encodings", json =>
        new RecordedEncoding(new RecordedPayload(json.GetProperty("value")), Hex(json, "hex")));

    /// <summary>Bodies, without header, as nodes under Python 2 write them, by name.</summary>
    public static IReadOnlyDictionary<string, byte[]> LegacyBodies { get; } = Read("legacy_python2", json =>
            KeyValuePair.Create(json.GetProperty("name").GetString()!, Hex(json, "body_hex")))
        .ToDictionary();

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

/// <summary>
/// A call of the reference node, and the answers a raw peer gave it in their order. The name is the wire function, a colon, and
/// what is special about the answer.
/// </summary>
public sealed record RecordedCall(string Name, byte[] Request, IReadOnlyList<byte[]> Replies)
{
    public string Function => Name[..Name.IndexOf(':', StringComparison.Ordinal)];

    internal static RecordedCall Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        Convert.FromHexString(json.GetProperty("request").GetString()!),
        [.. json.GetProperty("reply").EnumerateArray().Select(reply => Convert.FromHexString(reply.GetString()!))]);
}

/// <summary>
/// One recorded datagram, with the payload if its body decodes, and what the reference node sent back if that was recorded. A
/// request and its response share the name up to its suffix.
/// </summary>
public sealed record RecordedDatagram(
    string Name, byte[] Bytes, string Sha1, int Length, RecordedPayload? Payload, byte[]? Reply)
{
    public bool IsRequest => Name.EndsWith(".request", StringComparison.Ordinal);

    public bool IsResponse => Name.EndsWith(".response", StringComparison.Ordinal);

    internal static RecordedDatagram Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        ReadBytes(json),
        json.GetProperty("sha1").GetString()!,
        json.GetProperty("length").GetInt32(),
        json.TryGetProperty("payload", out var payload) ? new RecordedPayload(payload) : null,
        json.TryGetProperty("reply", out var reply) && reply.GetString() is { } hex ? Convert.FromHexString(hex) : null);

    internal static byte[] Repeat(JsonElement oneByte, JsonElement count)
    {
        var bytes = new byte[count.GetInt32()];
        bytes.AsSpan().Fill(Convert.FromHexString(oneByte.GetString()!)[0]);
        return bytes;
    }

    private static byte[] ReadBytes(JsonElement json) => json.TryGetProperty("parts", out var parts)
        ? [.. parts.EnumerateArray().SelectMany(ReadBytes)]
        : json.TryGetProperty("repeat", out var repeated)
            ? Repeat(repeated, json.GetProperty("count"))
            : Convert.FromHexString(json.GetProperty("hex").GetString()!);
}

public sealed record RecordedEncoding(RecordedPayload Value, byte[] Bytes);
