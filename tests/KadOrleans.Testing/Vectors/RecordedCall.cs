using System.Text.Json;

namespace KadOrleans.Testing.Vectors;

/// <summary>A call of the reference node and the answers a raw peer gave it.</summary>
/// <param name="Name">The wire function, a colon, and what is special about the answer.</param>
/// <param name="Request">The datagram of the call.</param>
/// <param name="Replies">The datagrams of the answers, in order.</param>
/// <param name="Raised">The exception the calling program saw, or null.</param>
public sealed record RecordedCall(string Name, byte[] Request, IReadOnlyList<byte[]> Replies, string? Raised)
{
    /// <summary>The wire function that was called.</summary>
    public string Function => Name[..Name.IndexOf(':', StringComparison.Ordinal)];

    internal static RecordedCall Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        Convert.FromHexString(json.GetProperty("request").GetString()!),
        [.. json.GetProperty("reply").EnumerateArray().Select(reply => Convert.FromHexString(reply.GetString()!))],
        json.TryGetProperty("raised", out var raised) ? raised.GetString() : null);
}
