using System.Text.Json;

namespace KadOrleans.Testing.Vectors;

/// <summary>One recorded datagram.</summary>
/// <param name="Name">Unique in its part; a request and its response share it up to their suffix.</param>
/// <param name="Bytes">The whole datagram.</param>
/// <param name="Sha1">Recorded digest of the bytes, in hexadecimal.</param>
/// <param name="Length">Recorded length in bytes.</param>
/// <param name="Payload">The decoded body; null if it does not decode.</param>
/// <param name="Reply">What the reference node sent back, where that was recorded and not silence.</param>
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
