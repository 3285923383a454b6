using System.Net.Http.Headers;
using System.Text.Json;

namespace KadOrleans.Cli;

/// <summary>A request to the API: the path with its query, and the body in JSON, if there is one.</summary>
public sealed record ApiRequest(HttpMethod Method, string Path, byte[]? Body = null)
{
    public ApiRequest(HttpMethod method, string path, JsonObject body)
        : this(method, path, JsonSerializer.SerializeToUtf8Bytes(body))
    {
    }

    /// <summary>The content of one attempt, which disposes it; null if there is none.</summary>
    public HttpContent? Content =>
        Body is null ? null : new ByteArrayContent(Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    public static ApiRequest Get(string path, params (string Name, string? Value)[] query) => new(HttpMethod.Get, path + QueryOf(query));

    public static string QueryOf(params (string Name, string? Value)[] query)
    {
        var parts = query.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}").ToList();
        return parts.Count == 0 ? string.Empty : "?" + string.Join('&', parts);
    }
}
