namespace KadOrleans.Http;

/// <summary>An id, a contact or a value. Unknown fields are ignored. Errors are <see cref="JsonException"/>s.</summary>
internal readonly struct StateEntry(JsonElement json)
{
    /// <summary>Allows plain values only.</summary>
    public static StateEntry Of(JsonElement json)
    {
        foreach (var field in json.EnumerateObject().Where(field => field.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array))
        {
            throw new JsonException($"'{VisibleText.Excerpt(field.Name)}' is not a plain value");
        }

        return new StateEntry(json);
    }

    /// <summary>A text, or a number as it is written; null for something else.</summary>
    public static string? TextOf(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.GetRawText(),
        _ => null,
    };

    public NodeId ToId(string name) => ToId(name, TextOf(json));

    public Contact ToContact()
    {
        if (!IPAddress.TryParse(Text("ip"), out var ip)
            || !ushort.TryParse(Text("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || UdpEndpoint.FromIPAddress(ip, port) is not { IsUnicast: true } endpoint)
        {
            throw new JsonException($"'{VisibleText.Excerpt(Text("ip"))}' and '{VisibleText.Excerpt(Text("port"))}' are not the address and port of a contact");
        }

        return new Contact(ToId("id", Text("id")), endpoint);
    }

    public KeyValuePair<NodeId, StoredValue> ToValue()
    {
        var key = ToId("key", Text("key"));
        if (!DhtValueText.TryRead(Text("type"), Field("value"), out var value))
        {
            throw new JsonException($"the value of key {key} is not of its type, '{VisibleText.Excerpt(Text("type"))}'");
        }

        DateTimeOffset? publishedAt = Field("publishedAt").ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : Time("publishedAt");
        var stored = new StoredValue(value, Time("storedAt"), Time("expiresAt"), Source())
        {
            PublishedAt = publishedAt,
            IsAuthored = Flag("authored"),
            IsKept = Flag("kept"),
            Version = Version(),
        };
        return stored.IsKept && KeepRules.FindProblem(stored) is { } problem ? throw new JsonException($"the value of key {key} {problem}") : new(key, stored);
    }

    private static NodeId ToId(string name, string? text) => NodeId.TryParse(text, out var id)
        ? id
        : throw new JsonException($"'{VisibleText.Excerpt(text)}' is not a valid {name}: {NodeId.Length * 2} hexadecimal digits are needed");

    private JsonElement Field(string name) => json.TryGetProperty(name, out var field) ? field : default;

    private string? Text(string name) => TextOf(Field(name));

    private DateTimeOffset Time(string name) => StateFormat.TryParse(Text(name), out var time)
        ? time
        : throw new JsonException($"'{VisibleText.Excerpt(Text(name))}' is not a valid time for {name}: one such as 2026-01-31T12:00:00.000Z is needed");

    // Optional: files of nodes and clusters without versions have none, and the store gives one.
    private long Version() => Field("version").ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? 0
        : long.TryParse(Text("version"), NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0 ? version
        : throw new JsonException($"'{VisibleText.Excerpt(Text("version"))}' is not a version: a whole number from 1 is needed");

    // Optional: files have them only where they are true.
    private bool Flag(string name) => Field(name).ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw new JsonException($"'{name}' is neither true nor false"),
    };

    // Optional: a file made by hand need not name the source whose quota a value counts against.
    private SourceNetwork Source() => Field("source").ValueKind == JsonValueKind.Undefined
        ? SourceNetwork.Trusted
        : UInt128.TryParse(Text("source"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var source)
        ? new SourceNetwork((ulong)(source >> 64), (ulong)source).Address.WithProof(Flag("proven"))
        : throw new JsonException($"'{VisibleText.Excerpt(Text("source"))}' is not a source: at most 32 hexadecimal digits are needed");
}
